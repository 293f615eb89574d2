"""Convolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...formats.ncnn import Ncnn
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import layer
from .kernel import Kernel


@layer("Convolution", param="convolution_param")
class Convolution(Kernel):
    """Convolution over the axes after the channels. Blobs: weight [out, in/group, kernel...], bias [out].

    Source: BVLC Caffe, base_conv_layer.cpp.
    """

    legacy_name = "conv"

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return self._ncnn(shapes[0], blobs[0], blobs)

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """For consumers that need a bias, one of 0; for those without dilation, filters with zeros between weights."""
        weight, *bias = blobs
        if set(self.dilation) != {1}:
            sizes = [(size - 1) * by + 1 for size, by in zip(self.kernel_size, self.dilation, strict=True)]
            wide = np.zeros((*weight.shape[:2], *sizes), np.float32)
            every = tuple(slice(None, None, by) for by in self.dilation)
            wide[(slice(None), slice(None), *every)] = weight
            dense = replace(self, kernel_size=tuple(sizes), dilation=(1,) * len(sizes))
            return net.add(dense, *inputs, blobs=[wide, *bias])
        return net.add(replace(self, bias_term=True), *inputs, blobs=[weight, np.zeros(self.num_output, np.float32)])
