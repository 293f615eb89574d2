"""Power: y = (shift + scale * x) ^ power, the layer for arithmetic with one number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.bounds import LARGE, affine, are_integers
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import ANY, LAYERS, Bounds, Layer, Source, layer, number


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

    def gives_integers(self, inputs: Sequence[bool], blobs: Sequence[np.ndarray]) -> bool:
        numbers = are_integers(self.power, self.scale, self.shift) and self.power >= 0
        return numbers and (all(inputs) or not self.scale)

    def finite(self, inputs: Sequence[Bounds]) -> bool:
        if not max(abs(self.scale), abs(self.shift)) < LARGE:
            return False
        low, high = affine(inputs[0], self.scale, self.shift)
        return (self.power >= 0 or low > 0 or high < 0) and (self.power == int(self.power) or low >= 0)

    @property
    def constant(self) -> float | None:
        """The output where it is the same for every input; else None."""
        if self.scale * self.power != 0:
            return None
        with np.errstate(all="ignore"):
            return float(np.power(np.float32(self.shift), np.float32(self.power)))

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        if self.constant is not None:  # Caffe writes it without reading x
            return Source(expr=f"torch.full_like({{0}}, {number(self.constant)})")
        text = {1.0: "{0}", -1.0: "-{0}"}.get(self.scale, f"{number(self.scale)} * {{0}}")
        text = f"{text} + {number(self.shift)}" if self.shift else text
        if self.power == 1:
            return Source(expr=text if text != "{0}" else "{0}.clone()")
        return Source(expr=f"torch.pow({text}, {number(self.power)})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """ncnn's Power computes a logarithm per element; BinaryOp and UnaryOp compute the simple cases without."""
        if self.constant is not None:
            return Ncnn("Clip", {0: self.constant, 1: self.constant})
        plain = self.scale == 1 and self.shift == 0
        if self.power in (0.5, 2.0) and plain:
            return Ncnn("UnaryOp", {0: 4 if self.power == 2 else 5})
        if self.power != 1:
            return Ncnn("Power", {0: self.power, 1: self.scale, 2: self.shift})
        if self.scale != 1 and self.shift != 0:
            raise Refused("ncnn's BinaryOp adds or multiplies, not both")
        operation, operand = (0, self.shift) if self.scale == 1 else (2, self.scale)
        return Ncnn("BinaryOp", {0: operation, 1: 1, 2: operand})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """For targets that multiply and add in two layers, or that have Scale or Eltwise only."""
        (x,) = inputs
        if self.power == 1 and len(x.shape) > 1:
            factors = [np.full(x.shape[1], number, np.float32) for number in (self.scale, self.shift)]
            scale = LAYERS["Scale"](bias_term=True)  # type: ignore[call-arg]
            if net.takes(scale, x, blobs=factors):
                return net.add(scale, x, blobs=factors)
        product = LAYERS["Eltwise"]("PROD")  # type: ignore[call-arg]
        if self == Power(2.0) and net.takes(product, x, x):
            return net.add(product, x, x)
        times = net.add(Power(scale=self.scale), *inputs, name="times")
        return net.add(replace(self, scale=1.0), times)

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
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


def _raised(number: float, power: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.power(np.float64(number), power))
