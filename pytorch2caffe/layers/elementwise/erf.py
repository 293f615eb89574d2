"""The error function and its complement."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import Layer, Source, from_ir, from_torch, layer
from .absval import AbsVal
from .eltwise import Eltwise
from .exp import Exp
from .power import Power
from .sign import sign

# erfc(z) = exp(-z^2) * sum of a_k * (1 + p z)^-k for z >= 0, within 1.5e-7. Abramowitz and Stegun, 7.1.26.
P = 0.3275911


A = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


@layer("Erf")
class Erf(Layer):
    """y = erf(x), the error function."""

    in_place = True

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="torch.erf({0})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("Erf")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """sign(x) * (1 - erfc(|x|)); at most 6e-7 from exact for x in [-30, 30]."""
        (x,) = inputs
        size = net.add(AbsVal(), x, name="abs")
        erfc = net.add(Eltwise("PROD"), *erfc_factors(net, size, 1.0), name="erfc")
        rest = net.add(Power(scale=-1.0, shift=1.0), erfc, name="rest")
        return net.add(Eltwise("PROD"), rest, sign(net, x))

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        return net.op("Erf", *inputs)


def erfc_factors(net: Builder, size: Value, scale: float) -> tuple[Value, Value]:
    """Two factors whose product is erfc(scale * size), for size >= 0."""
    powers = [net.add(Power(power=-k, scale=P * scale, shift=1.0), size, name="t") for k in range(1, 6)]
    series = net.add(Eltwise("SUM", A), *powers, name="series")
    square = net.add(Eltwise("PROD"), size, size, name="square")
    return series, net.add(Exp(scale=-(scale**2)), square, name="exp")


@from_onnx_alike("Erf")
@from_torch("torch.erf", "torch.Tensor.erf", "torch.special.erf")
def erf(net: Builder, input: Value) -> Value:
    return net.add(Erf(), input)


@from_torch("torch.erfc", "torch.Tensor.erfc", "torch.special.erfc")
def erfc(net: Builder, input: Value) -> Value:
    return net.add(Power(scale=-1.0, shift=1.0), net.add(Erf(), input, name="erf"))


@from_ir("Erf")
def ir_erf(net: Builder, node: IrOperator, input: Value) -> Value:
    return net.add(Erf(), input)
