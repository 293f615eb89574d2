"""Trigonometric: the sine and the cosine."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi

import numpy as np

from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.registry import Bounds, Layer, Source, from_ir, layer
from .eltwise import Eltwise
from .power import Power
from .rounding import Rounding

# sin(r) = r * sum of c_k r^2k, least largest error: SINE for |r| <= pi, 1e-7; HALF_SINE for |r| <= pi / 2, 4e-9
SINE = (0.99999963, -0.16666557, 0.008332424, -0.00019809064, 2.7001094e-06, -2.0375596e-08)
HALF_SINE = (0.99999998, -0.16666649, 0.0083329114, -0.00019801454, 2.5913995e-06)
# Their sum is 2 pi. The first two have few bits: their products with integers up to 10,000 are exact in float32.
TWO_PI = (6.28125, 0.0019350051879882812, 3.019915979507459e-07)


@layer("Trigonometric")
class Trigonometric(Layer):
    """The sine or the cosine of each element, an angle in radians.  function: sin or cos."""

    function: str

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        return -1.0, 1.0

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr=f"torch.{self.function}({{0}})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("UnaryOp", {0: {"sin": 9, "cos": 10}[self.function]})

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        return net.op(self.function.capitalize(), *inputs)

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """At most 1e-6 from exact for x in [-10,000, 10,000]; the cosine is 1 - 2 sin(x / 2)^2."""
        (x,) = inputs
        turns = net.add(Rounding("round"), net.add(Power(scale=0.5 / pi), x, name="turns"), name="whole_turns")
        if self.function == "sin":
            return odd_polynomial(net, _less(net, x, turns, 1.0), SINE)
        half = _less(net, net.add(Power(scale=0.5), x, name="half"), turns, 0.5)
        sine = odd_polynomial(net, half, HALF_SINE, "half_sine")
        return net.add(Power(scale=-2.0, shift=1.0), net.add(Eltwise("PROD"), sine, sine, name="square"))


def _less(net: Builder, x: Value, turns: Value, factor: float) -> Value:
    """x - 2 pi * factor * turns, a part of 2 pi after the other."""
    coefficients = (1.0, *(-factor * part for part in TWO_PI))
    return net.add(Eltwise("SUM", coefficients), x, turns, turns, turns, name="angle")


def odd_polynomial(net: Builder, x: Value, coefficients: Sequence[float], name: str = "") -> Value:
    """x * sum of coefficients[k] * x^2k."""
    square = net.add(Eltwise("PROD"), x, x, name="square")
    powers = [net.add(Power(power=float(k)), square, name="power") for k in range(2, len(coefficients))]
    series = net.add(Eltwise("SUM", tuple(coefficients[1:])), square, *powers, name="series")
    return net.add(Eltwise("PROD"), x, net.add(Power(shift=coefficients[0]), series, name="factor"), name=name)


@from_ir("Sin", "Cos")
def ir_trigonometric(net: Builder, node: IrOperator, input: Value) -> Value:
    return net.add(Trigonometric(node.op.lower()), input)
