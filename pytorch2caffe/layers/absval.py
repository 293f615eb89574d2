"""Absolute value."""

from __future__ import annotations

from ..registry import Layer, Source, from_torch, layer


@layer("AbsVal")
class AbsVal(Layer):
    """y = |x|.  Source: BVLC Caffe, absval_layer.cpp."""

    def to_torch(self, shapes, blobs):
        return Source(expr="{0}.abs()")


@from_torch(
    "torch.abs", "torch.abs_", "torch.Tensor.abs", "torch.Tensor.abs_", "torch.absolute", "torch.Tensor.absolute"
)
def abs(net, input):
    return net.add(AbsVal(), input)
