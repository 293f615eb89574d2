"""Sigmoid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import Bounds, Layer, Source, from_ir, from_torch, layer


@layer("Sigmoid", param="sigmoid_param")
class Sigmoid(Layer):
    """y = 1 / (1 + exp(-x)).  Source: BVLC Caffe, sigmoid_layer.cpp."""

    legacy_name = "Sigmoid"
    elementwise = True

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        return 0.0, 1.0

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source("nn.Sigmoid()")

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        return net.op("Sigmoid", *inputs)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("Sigmoid")


@from_onnx_alike("Sigmoid")
@from_torch(
    "torch.nn.functional.sigmoid",
    "torch.sigmoid",
    "torch.sigmoid_",
    "torch.Tensor.sigmoid",
    "torch.Tensor.sigmoid_",
    "torch.special.expit",
)
def sigmoid(net: Builder, input: Value) -> Value:
    return net.add(Sigmoid(), input)


@from_ir("Sigmoid")
def ir_sigmoid(net: Builder, node: IrOperator, input: Value) -> Value:
    return net.add(Sigmoid(), input)
