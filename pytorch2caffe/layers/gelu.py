"""GELU, with the error function and with its tanh approximation."""

from __future__ import annotations

from math import pi, sqrt

from ..errors import Refused
from ..registry import Layer, Source, from_torch, layer
from .absval import AbsVal
from .eltwise import Eltwise
from .exp import Exp
from .power import Power
from .relu import ReLU
from .sigmoid import Sigmoid

# erfc(z) = exp(-z^2) * sum of a_k * (1 + p z)^-k, within 1.5e-7. Abramowitz and Stegun, 7.1.26.
P = 0.3275911
A = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


@layer("GELU")
class GELU(Layer):
    """y = x * Phi(x), Phi the normal distribution; approximate "tanh" is PyTorch's formula of that name."""

    approximate: str = "none"

    def to_torch(self, shapes, blobs):
        return Source("nn.GELU()" if self.approximate == "none" else 'nn.GELU(approximate="tanh")')

    def lower(self, net, inputs, blobs):
        """tanh: exact. none: ReLU(x) - |x| / 2 * erfc(|x| / sqrt 2), by a formula whose largest error is 3e-7."""
        (x,) = inputs
        if self.approximate == "tanh":
            inner = net.add(Eltwise("SUM", (1.0, 0.044715)), x, net.add(Power(power=3.0), x, name="cube"), name="sum")
            scaled = net.add(Power(scale=2 * sqrt(2 / pi)), inner, name="scaled")  # (1 + tanh z) / 2 = sigmoid 2z
            return net.add(Eltwise("PROD"), x, net.add(Sigmoid(), scaled, name="gate"))
        size = net.add(AbsVal(), x, name="abs")
        powers = [net.add(Power(power=-k, scale=P / sqrt(2), shift=1.0), size, name="t") for k in range(1, 6)]
        series = net.add(Eltwise("SUM", A), *powers, name="series")
        bell = net.add(Exp(scale=-0.5), net.add(Power(power=2.0), x, name="square"), name="exp")
        tail = net.add(Eltwise("PROD"), size, series, bell, name="tail")
        return net.add(Eltwise("SUM", (1.0, -0.5)), net.add(ReLU(), x, name="relu"), tail)


@from_torch("torch.nn.functional.gelu", "torch._C._nn.gelu", "torch._C._nn.gelu_")
def gelu(net, input, approximate="none"):
    if approximate not in ("none", "tanh"):
        raise Refused(f"gelu with approximate={approximate!r}", 'use "none" or "tanh"')
    return net.add(GELU(approximate), input)
