"""Sigmoid."""

from __future__ import annotations

from ...formats.ncnn import Ncnn
from ...graph.registry import Layer, Source, from_ir, from_torch, layer


@layer("Sigmoid", param="sigmoid_param")
class Sigmoid(Layer):
    """y = 1 / (1 + exp(-x)).  Source: BVLC Caffe, sigmoid_layer.cpp."""

    def to_torch(self, shapes, blobs):
        return Source("nn.Sigmoid()")

    def to_ir(self, net, inputs, blobs):
        return net.op("Sigmoid", *inputs)

    def to_ncnn(self, shapes, blobs):
        return Ncnn("Sigmoid")


@from_torch(
    "torch.nn.functional.sigmoid",
    "torch.sigmoid",
    "torch.sigmoid_",
    "torch.Tensor.sigmoid",
    "torch.Tensor.sigmoid_",
    "torch.special.expit",
)
def sigmoid(net, input):
    return net.add(Sigmoid(), input)


@from_ir("Sigmoid")
def ir_sigmoid(net, node, input):
    return net.add(Sigmoid(), input)
