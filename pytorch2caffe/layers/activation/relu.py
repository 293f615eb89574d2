"""ReLU and leaky ReLU."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.bounds import are_integers
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.onnx_rules import from_onnx, from_onnx_alike
from ...graph.registry import Bounds, Layer, Source, from_ir, from_torch, layer, number


@layer("ReLU", param="relu_param")
class ReLU(Layer):
    """y = x if x > 0 else negative_slope * x.  Source: BVLC Caffe, relu_layer.cpp."""

    keeps_inf = True
    elementwise = True

    negative_slope: float = 0.0

    def gives_integers(self, inputs: Sequence[bool], blobs: Sequence[np.ndarray]) -> bool:
        return all(inputs) and are_integers(self.negative_slope)

    def name_in_legacy(self) -> str:
        return "leaky_relu" if self.negative_slope else "relu"

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        ((low, high),) = inputs
        return (low, high) if self.negative_slope else (max(low, 0.0), max(high, 0.0))

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(f"nn.LeakyReLU({number(self.negative_slope)})" if self.negative_slope else "nn.ReLU()")

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        if self.negative_slope:
            return net.op("LeakyRelu", *inputs, alpha=self.negative_slope)
        return net.op("Relu", *inputs)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("ReLU", {0: self.negative_slope} if self.negative_slope else {})


@from_onnx_alike("Relu")
@from_torch(
    "torch.nn.functional.relu",
    "torch.nn.functional.relu_",
    "torch.relu",
    "torch.relu_",
    "torch.Tensor.relu",
    "torch.Tensor.relu_",
)
def relu(net: Builder, input: Value, inplace: bool = False) -> Value:
    return net.add(ReLU(), input)


@from_torch("torch.nn.functional.leaky_relu", "torch.nn.functional.leaky_relu_")
def leaky_relu(net: Builder, input: Value, negative_slope: float = 0.01, inplace: bool = False) -> Value:
    return net.add(ReLU(negative_slope), input)


@from_ir("LeakyRelu")
def ir_leaky_relu(net: Builder, node: IrOperator, input: Value) -> Value:
    return net.add(ReLU(node.number("alpha")), input)


@from_onnx("LeakyRelu")
def onnx_leaky_relu(net: Builder, X: Value, *, alpha: float = 0.01) -> Value:
    return net.add(ReLU(alpha), X)
