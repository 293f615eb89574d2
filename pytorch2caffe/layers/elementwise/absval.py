"""Absolute value."""

from __future__ import annotations

from ...formats.ncnn import Ncnn
from ...graph.registry import Layer, Source, from_ir, from_torch, layer


@layer("AbsVal")
class AbsVal(Layer):
    """y = |x|.  Source: BVLC Caffe, absval_layer.cpp."""

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
