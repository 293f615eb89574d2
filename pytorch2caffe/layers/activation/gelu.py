"""GELU, by the error function or by its tanh approximation."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, sqrt

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, from_torch, layer
from ..elementwise.absval import AbsVal
from ..elementwise.eltwise import Eltwise
from ..elementwise.erf import erfc_factors
from ..elementwise.power import Power
from .relu import ReLU
from .sigmoid import Sigmoid


@layer("GELU")
class GELU(Layer):
    """y = x * Phi(x), Phi the cumulative normal distribution; approximate="tanh" is PyTorch's approximation of it."""

    in_place = True

    approximate: str = "none"

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source("nn.GELU()" if self.approximate == "none" else 'nn.GELU(approximate="tanh")')

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("GELU", {0: 0 if self.approximate == "none" else 1})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """tanh: exact. none: ReLU(x) - |x| / 2 * erfc(|x| / sqrt 2), at most 4e-7 from exact for x in [-30, 30].

        (Measured in float32 on 600,001 points; PyTorch's own float32 GELU is up to 1.1e-6 from exact there.)
        """
        (x,) = inputs
        if self.approximate == "tanh":
            inner = net.add(Eltwise("SUM", (1.0, 0.044715)), x, net.add(Power(power=3.0), x, name="cube"), name="sum")
            scaled = net.add(Power(scale=2 * sqrt(2 / pi)), inner, name="scaled")  # (1 + tanh z) / 2 = sigmoid 2z
            return net.add(Eltwise("PROD"), x, net.add(Sigmoid(), scaled, name="gate"))
        size = net.add(AbsVal(), x, name="abs")
        tail = net.add(Eltwise("PROD"), size, *erfc_factors(net, size, 1 / sqrt(2)), name="tail")
        return net.add(Eltwise("SUM", (1.0, -0.5)), net.add(ReLU(), x, name="relu"), tail)

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        if self.approximate != "none":
            raise Refused("GELU with approximate='tanh' has no operator in MMdnn's IR")
        (x,) = inputs
        erf = net.op("Erf", net.op("Mul", x, net.constant(1 / sqrt(2))))
        return net.op("Mul", x, net.op("Mul", net.op("Add", erf, net.constant(1.0)), net.constant(0.5)))


@from_torch("torch.nn.functional.gelu", "torch._C._nn.gelu", "torch._C._nn.gelu_")
def gelu(net: Builder, input: Value, approximate: str = "none") -> Value:
    if approximate not in ("none", "tanh"):
        raise Refused(f"gelu with approximate={approximate!r}", 'use "none" or "tanh"')
    return net.add(GELU(approximate), input)
