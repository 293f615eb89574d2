"""Exponential and logarithm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.bounds import MOST_EXPONENT
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Bounds, Layer, Source, from_ir_alike, from_torch, layer, number
from .power import Power


@dataclass(frozen=True)
class _Base(Layer):
    base: float = -1.0
    scale: float = 1.0
    shift: float = 0.0

    @property
    def plain(self) -> bool:
        """Whether it is e^x, or log x."""
        return (self.base, self.scale, self.shift) == (-1, 1, 0)

    def _inner(self) -> Any:
        text = "{0}" if self.scale == 1 else f"{number(self.scale)} * {{0}}"
        return text if self.shift == 0 else f"{text} + {number(self.shift)}"


@layer("Exp", param="exp_param")
class Exp(_Base):
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
        inner = self._inner()
        if self.base == -1:
            return Source(expr=f"torch.exp({inner})")
        return Source(expr=f"torch.pow({number(self.base)}, {inner})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("Exp", {0: self.base, 1: self.scale, 2: self.shift})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """For readers that know e to the x only: base^(shift + scale x) = e^(ln(base) (shift + scale x))."""
        factor = 1.0 if self.base == -1 else log(self.base)
        inner = net.add(Power(1.0, self.scale * factor, self.shift * factor), inputs[0], name="inner")
        return net.add(Exp(), inner)

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        if self != Exp():
            raise Refused("the IR's Exp is e to the x")
        return net.op("Exp", *inputs)


@layer("Log", param="log_param")
class Log(_Base):
    """y = log_base(shift + scale * x); base -1 stands for e.  Source: BVLC Caffe, log_layer.cpp."""

    keeps_inf = True
    elementwise = True

    def finite(self, inputs: Sequence[Bounds]) -> bool:
        return self.plain and inputs[0][0] > 0

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        text = f"torch.log({self._inner()})"
        return Source(expr=text if self.base == -1 else f"{text} * {number(1 / log(self.base))}")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("Log", {0: self.base, 1: self.scale, 2: self.shift})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """For readers that know the natural logarithm of x only: Power before and behind it."""
        (x,) = inputs
        if (self.scale, self.shift) != (1, 0):
            x = net.add(Power(1.0, self.scale, self.shift), x, name="inner")
        y = net.add(Log(), x, name="" if self.base == -1 else "log")
        return y if self.base == -1 else net.add(Power(scale=1 / log(self.base)), y)

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        if self != Log():
            raise Refused("the IR's Log is the natural logarithm of x")
        return net.op("Log", *inputs)


@from_ir_alike("Exp")
@from_torch("torch.exp", "torch.exp_", "torch.Tensor.exp", "torch.Tensor.exp_")
def exp(net: Builder, input: Value) -> Any:
    return net.add(Exp(), input)


@from_ir_alike("Log")
@from_torch("torch.log", "torch.log_", "torch.Tensor.log", "torch.Tensor.log_")
def natural_log(net: Builder, input: Value) -> Any:
    return net.add(Log(), input)


@from_torch("torch.log2", "torch.Tensor.log2")
def log2(net: Builder, input: Value) -> Any:
    return net.add(Power(scale=1 / log(2)), net.add(Log(), input, name="log"))


@from_torch("torch.log10", "torch.Tensor.log10")
def log10(net: Builder, input: Value) -> Any:
    return net.add(Power(scale=1 / log(10)), net.add(Log(), input, name="log"))


def _of_e(exponent: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.exp(np.float32(exponent)))
