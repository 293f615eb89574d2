"""Sigmoid."""

from __future__ import annotations

from ..registry import Layer, Source, from_torch, layer


@layer("Sigmoid", param="sigmoid_param")
class Sigmoid(Layer):
    """y = 1 / (1 + exp(-x)).  Source: BVLC Caffe, sigmoid_layer.cpp."""

    def to_torch(self, shapes, blobs):
        return Source("nn.Sigmoid()")


@from_torch(
    "torch.nn.functional.sigmoid", "torch.sigmoid", "torch.sigmoid_", "torch.Tensor.sigmoid", "torch.Tensor.sigmoid_",
    "torch.special.expit",
)  # fmt: skip
def sigmoid(net, input):
    return net.add(Sigmoid(), input)
