"""Swish, of which SiLU is the case beta = 1: the input times its sigmoid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import Refused
from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.onnx_rules import from_onnx
from ...graph.registry import Layer, Source, from_ir, layer, number
from ..elementwise.eltwise import Eltwise
from ..elementwise.power import Power
from .sigmoid import Sigmoid


@layer("Swish", param="swish_param")
class Swish(Layer):
    """y = x * sigmoid(beta * x).  Source: BVLC Caffe master, swish_layer.cpp (2018; the 1.0 release has no Swish)."""

    elementwise = True

    beta: float = 1.0

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        if self.beta == 1:
            return Source("nn.SiLU()")
        return Source(expr=f"{{0}} * torch.sigmoid({number(self.beta)} * {{0}})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        if self.beta != 1:
            raise Refused(f"Swish with beta={self.beta:g}, which ncnn's Swish does not have")
        return Ncnn("Swish")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        (x,) = inputs
        scaled = x if self.beta == 1 else net.add(Power(scale=self.beta), x, name="scaled")
        return net.add(Eltwise("PROD"), x, net.add(Sigmoid(), scaled, name="gate"))


@from_ir("Swish", "Silu")
def ir_swish(net: Builder, node: IrOperator, input: Value) -> Value:
    return net.add(Swish(node.number("beta", 1.0)), input)


@from_onnx("Swish")
def onnx_swish(net: Builder, X: Value, *, alpha: float = 1.0) -> Value:
    return net.add(Swish(alpha), X)


@from_onnx("com.microsoft.QuickGelu")
def onnx_quick_gelu(net: Builder, X: Value, *, alpha: float = 1.702) -> Value:
    return net.add(Swish(alpha), X)
