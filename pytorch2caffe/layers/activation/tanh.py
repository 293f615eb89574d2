"""Hyperbolic tangent."""

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


@layer("TanH", param="tanh_param")
class TanH(Layer):
    """y = tanh(x).  Source: BVLC Caffe, tanh_layer.cpp."""

    elementwise = True

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        return -1.0, 1.0

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source("nn.Tanh()")

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        return net.op("Tanh", *inputs)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("TanH")


@from_onnx_alike("Tanh")
@from_torch("torch.nn.functional.tanh", "torch.tanh", "torch.tanh_", "torch.Tensor.tanh", "torch.Tensor.tanh_")
def tanh(net: Builder, input: Value) -> Value:
    return net.add(TanH(), input)


@from_ir("Tanh")
def ir_tanh(net: Builder, node: IrOperator, input: Value) -> Value:
    return net.add(TanH(), input)
