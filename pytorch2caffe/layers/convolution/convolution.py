"""Convolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...formats.ncnn import Ncnn, Tagged
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import layer
from ..shape.reshape import reshape_to
from .kernel import Kernel


@layer("Convolution", param="convolution_param")
class Convolution(Kernel):
    """Convolution over the axes after the channels. Blobs: weight [out, in/group, kernel...], bias [out].

    Source: BVLC Caffe, base_conv_layer.cpp.
    """

    legacy_name = "conv"

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """Of one position, [1, C, 1, 1], as an InnerProduct: ncnn's vectors are faster than its images of one pixel."""
        if self.group == 1 and set(self.kernel_size) == {1} and set(self.pad) == {0} and _is_vector(shapes[0]):
            params = {0: self.num_output, 1: int(self.bias_term), 2: blobs[0].size}
            weights: tuple[Tagged | np.ndarray, ...] = (Tagged(blobs[0]), *blobs[1:])
            return Ncnn("InnerProduct", params, weights, (tuple(shapes[0][1:2]),), ((self.num_output,),))
        return self._ncnn(shapes[0], blobs[0], blobs)

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """For consumers of images only, without dilation, that misread small maps, or with a bias only."""
        (x,), (weight, *bias) = inputs, blobs
        if len(self.kernel_size) == 1:
            return self._of_rows(net, x, weight, bias)
        if set(self.dilation) != {1}:
            sizes = [(size - 1) * by + 1 for size, by in zip(self.kernel_size, self.dilation, strict=True)]
            wide = np.zeros((*weight.shape[:2], *sizes), np.float32)
            every = tuple(slice(None, None, by) for by in self.dilation)
            wide[(slice(None), slice(None), *every)] = weight
            dense = replace(self, kernel_size=tuple(sizes), dilation=(1,) * len(sizes))
            return net.add(dense, x, blobs=[wide, *bias])
        if self.group > 1 and len(self.kernel_size) == 2:
            around = ((0, 0), (0, 0), (1, 1), (1, 1))
            kernel, pad = tuple(size + 2 for size in self.kernel_size), tuple(size + 1 for size in self.pad)
            wider, filters = replace(self, kernel_size=kernel, pad=pad), np.pad(weight, around)
            if net.takes(wider, x, blobs=[filters, *bias]):
                return net.add(wider, x, blobs=[filters, *bias])
        return net.add(replace(self, bias_term=True), x, blobs=[weight, np.zeros(self.num_output, np.float32)])

    def _of_rows(self, net: Lowering, x: Value, weight: np.ndarray, bias: Sequence[np.ndarray]) -> Value:
        """[N, C, W] as images of one row."""
        image = reshape_to(net, x, (*x.shape[:2], 1, x.shape[2]), "image")
        over_images = replace(
            self,
            kernel_size=(1, *self.kernel_size),
            stride=(1, *self.stride),
            pad=(0, *self.pad),
            dilation=(1, *self.dilation),
        )
        y = net.add(over_images, image, blobs=[weight[:, :, None], *bias], name="convolution")
        return reshape_to(net, y, (*y.shape[:2], y.shape[3]))


def _is_vector(shape: Shape) -> bool:
    """Whether a value is a number for each channel of one sample."""
    return len(shape) > 2 and shape[0] == 1 and set(shape[2:]) == {1}
