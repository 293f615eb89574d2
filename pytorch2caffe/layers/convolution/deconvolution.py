"""Deconvolution: the transpose of a convolution."""

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


@layer("Deconvolution", param="convolution_param")
class Deconvolution(Kernel):
    """Transposed convolution. Blobs: weight [in, out/group, kernel...], bias [out].

    Source: BVLC Caffe, deconv_layer.cpp.
    """

    legacy_name = "conv_transpose"
    transposed = True

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """ncnn stores the weight as [group, out/group, in/group, kernel...]."""
        shape = self.group, -1, *blobs[0].shape[1:]
        return self._ncnn(shapes[0], np.ascontiguousarray(blobs[0].reshape(shape).swapaxes(1, 2)), blobs)

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """For targets without its dilation: a larger kernel, with zeros between the weights."""
        kernel = tuple(d * (k - 1) + 1 for d, k in zip(self.dilation, self.kernel_size, strict=True))
        weight = np.zeros((*blobs[0].shape[:2], *kernel), np.float32)
        weight[tuple(slice(None, None, d) for d in (1, 1, *self.dilation))] = blobs[0]
        undilated = replace(self, kernel_size=kernel, dilation=(1,) * len(kernel))
        return net.add(undilated, *inputs, blobs=[weight, *blobs[1:]])
