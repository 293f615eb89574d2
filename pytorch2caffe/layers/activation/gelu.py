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
from ...graph.onnx_rules import from_onnx
from ...graph.registry import Layer, Source, from_torch, layer
from ..elementwise.absval import AbsVal
from ..elementwise.eltwise import Eltwise
from ..elementwise.exp import Exp
from ..elementwise.power import Power
from .sigmoid import Sigmoid

# Phi(-a) for a >= 0, within 1e-8 / (1 + a): EXP of three Powers in a row, (power, scale, shift). A fit of our own that
# minimises the largest error times 1 + a; the constants are float32 numbers.
POWERS = (2.1922, 0.42261, 1.0), (0.485, 0.77835, 1.0), (1.9085, 1.80381513, -1.53750682)
EXP = Exp(scale=-1.03624737, shift=0.0621316582)


@layer("GELU")
class GELU(Layer):
    """y = x * Phi(x), Phi the cumulative normal distribution; approximate="tanh" is PyTorch's approximation of it."""

    elementwise = True

    approximate: str = "none"

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source("nn.GELU()" if self.approximate == "none" else 'nn.GELU(approximate="tanh")')

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("GELU", {0: 0 if self.approximate == "none" else 1})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """tanh: exact. none: (x + |x|) / 2 - |x| * Phi(-|x|), at most 3e-7 from exact for x in [-30, 30].

        (Measured in float32 on 600,001 points; PyTorch's own float32 GELU is up to 1.1e-6 from exact there.)
        """
        (x,) = inputs
        if self.approximate == "tanh":
            twice = 2 * sqrt(2 / pi)  # (1 + tanh z) / 2 = sigmoid 2z
            inner = Eltwise("SUM", (twice, 0.044715 * twice))
            scaled = net.add(inner, x, net.add(Power(power=3.0), x, name="cube"), name="scaled")
            return net.add(Eltwise("PROD"), x, net.add(Sigmoid(), scaled, name="gate"))
        size = net.add(AbsVal(), x, name="abs")
        exponent = size
        for power, scale, shift in POWERS:
            exponent = net.add(Power(power, scale, shift), exponent, name="power")
        tail = net.add(Eltwise("PROD"), size, net.add(EXP, exponent, name="exp"), name="tail")
        return net.add(Eltwise("SUM", (0.5, 0.5, -1.0)), x, size, tail)

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


@from_onnx("Gelu", "com.microsoft.Gelu")
def onnx_gelu(net: Builder, X: Value, *, approximate: str = "none") -> Value:
    return gelu(net, X, approximate)
