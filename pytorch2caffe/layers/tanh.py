"""Hyperbolic tangent."""

from __future__ import annotations

from ..registry import Layer, Source, from_torch, layer


@layer("TanH", param="tanh_param")
class TanH(Layer):
    """y = tanh(x).  Source: BVLC Caffe, tanh_layer.cpp."""

    def to_torch(self, shapes, blobs):
        return Source("nn.Tanh()")


@from_torch("torch.nn.functional.tanh", "torch.tanh", "torch.tanh_", "torch.Tensor.tanh", "torch.Tensor.tanh_")
def tanh(net, input):
    return net.add(TanH(), input)
