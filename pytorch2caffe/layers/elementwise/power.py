"""Power: y = (shift + scale * x) ^ power, and all that one number can do to a tensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.bounds import LARGE, affine
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import ANY, Bounds, Layer, Source, from_ir_alike, from_torch, layer, number


@layer("Power", param="power_param")
class Power(Layer):
    """y = (shift + scale * x) ^ power.  Source: BVLC Caffe, power_layer.cpp."""

    keeps_inf = True
    elementwise = True

    power: float = 1.0
    scale: float = 1.0
    shift: float = 0.0

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        low, high = affine(inputs[0], self.scale, self.shift)
        if self.power == 1:
            return low, high
        if self.power % 2 == 0:
            least = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
            return (0.0, inf) if self.power < 0 else (_raised(least, self.power), inf)
        if low < 0:
            return ANY
        raised = sorted((_raised(low, self.power), _raised(high, self.power)))
        return raised[0], raised[1]

    def finite(self, inputs: Sequence[Bounds]) -> bool:
        if not max(abs(self.scale), abs(self.shift)) < LARGE:
            return False
        low, high = affine(inputs[0], self.scale, self.shift)
        return (self.power >= 0 or low > 0 or high < 0) and (self.power == int(self.power) or low >= 0)

    @property
    def constant(self) -> Any:
        """The number that comes out whatever goes in; None if that makes a difference."""
        if self.scale * self.power != 0:
            return None
        with np.errstate(all="ignore"):
            return float(np.power(np.float32(self.shift), np.float32(self.power)))

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        if self.constant is not None:  # Caffe writes it without looking at x
            return Source(expr=f"torch.full_like({{0}}, {number(self.constant)})")
        text = {1.0: "{0}", -1.0: "-{0}"}.get(self.scale, f"{number(self.scale)} * {{0}}")
        text = f"{text} + {number(self.shift)}" if self.shift else text
        if self.power == 1:
            return Source(expr=text if text != "{0}" else "{0}.clone()")
        return Source(expr=f"torch.pow({text}, {number(self.power)})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """Its Power takes a logarithm for every number; plus, times, square and root do without."""
        if self.constant is not None:
            return Ncnn("Clip", {0: self.constant, 1: self.constant})
        plain = self.scale == 1 and self.shift == 0
        if self.power in (0.5, 2.0) and plain:
            return Ncnn("UnaryOp", {0: 4 if self.power == 2 else 5})
        if self.power != 1:
            return Ncnn("Power", {0: self.power, 1: self.scale, 2: self.shift})
        if self.scale != 1 and self.shift != 0:
            raise Refused("ncnn's BinaryOp does one thing at a time")
        operation, number = (0, self.shift) if self.scale == 1 else (2, self.scale)
        return Ncnn("BinaryOp", {0: operation, 1: 1, 2: number})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """For readers that multiply and add in two steps."""
        times = net.add(Power(scale=self.scale), *inputs, name="times")
        return net.add(replace(self, scale=1.0), times)

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        (x,) = inputs
        if self.scale * self.power == 0:
            x = net.op("Mul", x, net.constant(0.0))
            return net.op("Add", x, net.constant(self.shift**self.power))
        x = net.op("Mul", x, net.constant(self.scale)) if self.scale != 1 else x
        x = net.op("Add", x, net.constant(self.shift)) if self.shift else x
        if self.power == 1:
            return x if x is not inputs[0] else net.op("Dropout", x, keep_prob=1.0)
        if self.power == -1:
            return net.op("RealDiv", net.constant(1.0), x, shape=x.shape)
        name = {2.0: "Square", 0.5: "Sqrt", -0.5: "Rsqrt"}.get(self.power)
        return net.op(name, x) if name else net.op("Pow", x, net.constant(self.power))


@from_ir_alike("Neg")
@from_torch(
    "torch.neg", "torch.neg_", "torch.Tensor.neg", "torch.Tensor.neg_", "torch.negative", "torch.Tensor.negative"
)
def neg(net: Builder, input: Value) -> Any:
    return net.add(Power(scale=-1.0), input)


@from_ir_alike("Sqrt")
@from_torch("torch.sqrt", "torch.sqrt_", "torch.Tensor.sqrt", "torch.Tensor.sqrt_")
def sqrt(net: Builder, input: Value) -> Any:
    return net.add(Power(power=0.5), input)


@from_ir_alike("Rsqrt")
@from_torch("torch.rsqrt", "torch.rsqrt_", "torch.Tensor.rsqrt", "torch.Tensor.rsqrt_")
def rsqrt(net: Builder, input: Value) -> Any:
    return net.add(Power(power=-0.5), input)


@from_ir_alike("Square")
@from_torch("torch.square", "torch.square_", "torch.Tensor.square", "torch.Tensor.square_")
def square(net: Builder, input: Value) -> Any:
    return net.add(Power(power=2.0), input)


@from_ir_alike("Reciprocal")
@from_torch("torch.reciprocal", "torch.reciprocal_", "torch.Tensor.reciprocal", "torch.Tensor.reciprocal_")
def reciprocal(net: Builder, input: Value) -> Any:
    return net.add(Power(power=-1.0), input)


def _raised(number: float, power: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.power(np.float64(number), power))
