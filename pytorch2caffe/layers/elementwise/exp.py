"""Exp, and exponentials to the bases e and 2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.bounds import MOST_EXPONENT
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import Bounds, Layer, Source, from_ir_alike, from_torch, layer, number
from .power import Power


@dataclass(frozen=True)
class WithBase(Layer):
    """The settings of Exp and Log; base -1 stands for e."""

    base: float = -1.0
    scale: float = 1.0
    shift: float = 0.0

    @property
    def plain(self) -> bool:
        """Whether it is e^x, or log x."""
        return (self.base, self.scale, self.shift) == (-1, 1, 0)

    def inner(self) -> str:
        """shift + scale * x in PyTorch."""
        text = "{0}" if self.scale == 1 else f"{number(self.scale)} * {{0}}"
        return text if self.shift == 0 else f"{text} + {number(self.shift)}"


@layer("Exp", param="exp_param")
class Exp(WithBase):
    """y = base ^ (shift + scale * x); base -1 stands for e.  Source: BVLC Caffe, exp_layer.cpp."""

    keeps_inf = True
    elementwise = True

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        if not self.plain:
            return 0.0, inf
        low, high = inputs[0]
        return _of_e(low), _of_e(high)

    def finite(self, inputs: Sequence[Bounds]) -> bool:
        return self.plain and inputs[0][1] <= MOST_EXPONENT

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        inner = self.inner()
        if self.base == -1:
            return Source(expr=f"torch.exp({inner})")
        return Source(expr=f"torch.pow({number(self.base)}, {inner})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("Exp", {0: self.base, 1: self.scale, 2: self.shift})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """For targets that have e^x only: base^(shift + scale x) = e^(ln(base) (shift + scale x))."""
        factor = 1.0 if self.base == -1 else log(self.base)
        inner = net.add(Power(1.0, self.scale * factor, self.shift * factor), inputs[0], name="inner")
        return net.add(Exp(), inner)

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        if self != Exp():
            raise Refused("the IR's Exp is e^x, without base, scale and shift")
        return net.op("Exp", *inputs)


@from_onnx_alike("Exp")
@from_ir_alike("Exp")
@from_torch("torch.exp", "torch.exp_", "torch.Tensor.exp", "torch.Tensor.exp_")
def exp(net: Builder, input: Value) -> Value:
    return net.add(Exp(), input)


def _of_e(exponent: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.exp(np.float32(exponent)))


@from_torch("torch.exp2", "torch.special.exp2", "torch.Tensor.exp2")
def exp2(net: Builder, input: Value) -> Value:
    return net.add(Exp(2.0), input)
