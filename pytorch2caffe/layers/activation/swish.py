"""Swish (SiLU) and its relatives: the input times a gate made of itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, from_ir, from_torch, layer, number
from ..elementwise.eltwise import Eltwise
from ..elementwise.power import Power
from ..shape.slice import slice_at
from .bnll import BNLL
from .sigmoid import Sigmoid
from .tanh import TanH


@layer("Swish", param="swish_param")
class Swish(Layer):
    """y = x * sigmoid(beta * x).  Source: BVLC Caffe master, swish_layer.cpp (2018; the 1.0 release has no Swish)."""

    in_place = True

    beta: float = 1.0

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        if self.beta == 1:
            return Source("nn.SiLU()")
        return Source(expr=f"{{0}} * torch.sigmoid({number(self.beta)} * {{0}})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        if self.beta != 1:
            raise Refused(f"ncnn's Swish has no beta, here {self.beta:g}")
        return Ncnn("Swish")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        (x,) = inputs
        scaled = x if self.beta == 1 else net.add(Power(scale=self.beta), x, name="scaled")
        return net.add(Eltwise("PROD"), x, net.add(Sigmoid(), scaled, name="gate"))


@layer("Mish")
class Mish(Layer):
    """y = x * tanh(log(1 + exp(x)))."""

    in_place = True

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source("nn.Mish()")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("Mish")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        (x,) = inputs
        return net.add(Eltwise("PROD"), x, net.add(TanH(), net.add(BNLL(), x, name="softplus"), name="gate"))


@from_torch("torch.nn.functional.silu", "torch._C._nn.silu", "torch._C._nn.silu_")
def silu(net: Builder, input: Value, inplace: bool = False) -> Any:
    return net.add(Swish(), input)


@from_torch("torch.nn.functional.mish", "torch._C._nn.mish", "torch._C._nn.mish_")
def mish(net: Builder, input: Value, inplace: bool = False) -> Any:
    return net.add(Mish(), input)


@from_torch("torch.nn.functional.glu", "torch._C._nn.glu")
def glu(net: Builder, input: Value, dim: int = -1) -> Any:
    """The first half times the sigmoid of the second."""
    dim %= len(input.shape)
    value, gate = slice_at(net, input, dim, [input.shape[dim] // 2], name="half")
    return net.add(Eltwise("PROD"), value, net.add(Sigmoid(), gate, name="gate"))


@from_ir("Swish", "Silu")
def ir_swish(net: Builder, node: IrOperator, input: Value) -> Any:
    return net.add(Swish(node.number("beta", 1.0)), input)
