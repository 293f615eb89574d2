"""Absolute value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...formats.ncnn import Ncnn
from ...graph.graph import Shape
from ...graph.registry import Bounds, Layer, Source, from_ir, from_torch, layer


@layer("AbsVal")
class AbsVal(Layer):
    """y = |x|.  Source: BVLC Caffe, absval_layer.cpp."""

    keeps_inf = True
    elementwise = True

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        ((low, high),) = inputs
        return max(low, -high, 0.0), max(high, -low)

    def to_torch(self, shapes, blobs):
        return Source(expr="{0}.abs()")

    def to_ir(self, net, inputs, blobs):
        return net.op("Abs", *inputs)

    def to_ncnn(self, shapes, blobs):
        return Ncnn("AbsVal")


@from_torch(
    "torch.abs", "torch.abs_", "torch.Tensor.abs", "torch.Tensor.abs_", "torch.absolute", "torch.Tensor.absolute"
)
def abs(net, input):
    return net.add(AbsVal(), input)


@from_ir("Abs")
def ir_abs(net, node, input):
    return net.add(AbsVal(), input)
