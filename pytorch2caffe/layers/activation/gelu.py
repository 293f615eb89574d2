"""GELU, with the error function and with its tanh approximation; the error function itself."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, sqrt
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, from_ir, from_torch, layer
from ..elementwise.absval import AbsVal
from ..elementwise.eltwise import Eltwise
from ..elementwise.exp import Exp
from ..elementwise.power import Power
from .relu import ReLU
from .sigmoid import Sigmoid
from .threshold import sign

# erfc(z) = exp(-z^2) * sum of a_k * (1 + p z)^-k for z >= 0, within 1.5e-7. Abramowitz and Stegun, 7.1.26.
P = 0.3275911
A = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


@layer("GELU")
class GELU(Layer):
    """y = x * Phi(x), Phi the normal distribution; approximate "tanh" is PyTorch's formula of that name."""

    in_place = True

    approximate: str = "none"

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source("nn.GELU()" if self.approximate == "none" else 'nn.GELU(approximate="tanh")')

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("GELU", {0: 0 if self.approximate == "none" else 1})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """tanh: exact. none: ReLU(x) - |x| / 2 * erfc(|x| / sqrt 2), at most 4e-7 from exact for x in [-30, 30].

        (Measured in float32 on 600,001 points; PyTorch's own float32 GELU is up to 1.1e-6 from exact there.)
        """
        (x,) = inputs
        if self.approximate == "tanh":
            inner = net.add(Eltwise("SUM", (1.0, 0.044715)), x, net.add(Power(power=3.0), x, name="cube"), name="sum")
            scaled = net.add(Power(scale=2 * sqrt(2 / pi)), inner, name="scaled")  # (1 + tanh z) / 2 = sigmoid 2z
            return net.add(Eltwise("PROD"), x, net.add(Sigmoid(), scaled, name="gate"))
        size = net.add(AbsVal(), x, name="abs")
        tail = net.add(Eltwise("PROD"), size, *_erfc_factors(net, size, 1 / sqrt(2)), name="tail")
        return net.add(Eltwise("SUM", (1.0, -0.5)), net.add(ReLU(), x, name="relu"), tail)

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        if self.approximate != "none":
            raise Refused("the IR has the exact GELU only")
        (x,) = inputs
        erf = net.op("Erf", net.op("Mul", x, net.constant(1 / sqrt(2))))
        return net.op("Mul", x, net.op("Mul", net.op("Add", erf, net.constant(1.0)), net.constant(0.5)))


@layer("Erf")
class Erf(Layer):
    """The error function."""

    in_place = True

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="torch.erf({0})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("Erf")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """Sign(x) * (1 - erfc(|x|)), sign made of two thresholds; at most 6e-7 from exact for x in [-30, 30]."""
        (x,) = inputs
        size = net.add(AbsVal(), x, name="abs")
        erfc = net.add(Eltwise("PROD"), *_erfc_factors(net, size, 1.0), name="erfc")
        rest = net.add(Power(scale=-1.0, shift=1.0), erfc, name="rest")
        return net.add(Eltwise("PROD"), rest, sign(net, x))

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        return net.op("Erf", *inputs)


def _erfc_factors(net: Builder, size: int, scale: Any) -> Any:
    """Two factors whose product is erfc(scale * size), for size >= 0."""
    powers = [net.add(Power(power=-k, scale=P * scale, shift=1.0), size, name="t") for k in range(1, 6)]
    series = net.add(Eltwise("SUM", A), *powers, name="series")
    square = net.add(Eltwise("PROD"), size, size, name="square")
    return series, net.add(Exp(scale=-(scale**2)), square, name="exp")


@from_torch("torch.nn.functional.gelu", "torch._C._nn.gelu", "torch._C._nn.gelu_")
def gelu(net: Builder, input: Value, approximate: str = "none") -> Any:
    if approximate not in ("none", "tanh"):
        raise Refused(f"gelu with approximate={approximate!r}", 'use "none" or "tanh"')
    return net.add(GELU(approximate), input)


@from_torch("torch.erf", "torch.Tensor.erf", "torch.special.erf")
def erf(net: Builder, input: Value) -> Any:
    return net.add(Erf(), input)


@from_torch("torch.erfc", "torch.Tensor.erfc", "torch.special.erfc")
def erfc(net: Builder, input: Value) -> Any:
    return net.add(Power(scale=-1.0, shift=1.0), net.add(Erf(), input, name="erf"))


@from_torch("torch.special.ndtr")
def ndtr(net: Builder, input: Value) -> Any:
    """Phi(x) = (1 + erf(x / sqrt 2)) / 2."""
    half = net.add(Erf(), net.add(Power(scale=1 / sqrt(2)), input, name="scaled"), name="erf")
    return net.add(Power(scale=0.5, shift=0.5), half)


@from_ir("Erf")
def ir_erf(net: Builder, node: IrOperator, input: Value) -> Any:
    return net.add(Erf(), input)
