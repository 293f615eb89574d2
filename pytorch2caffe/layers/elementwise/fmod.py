"""torch.fmod, C's remainder."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Term, Value
from ...graph.registry import from_torch
from .absval import AbsVal
from .eltwise import Eltwise
from .integer_division import modulo, operands, sign_times


@from_torch("torch.fmod", "torch.Tensor.fmod")
def fmod(net: Builder, input: Term, other: Term) -> Value:
    """What trunc(input / other) * other leaves, with the sign of `input`."""
    x, divisor = operands(net, "fmod", input, other)
    if net.bounds.of(x)[0] >= 0:
        return modulo(net, x, abs(divisor))
    size = modulo(net, net.add(AbsVal(), x, name="abs"), abs(divisor))
    return net.add(Eltwise("PROD"), size, sign_times(net, x, 1.0))
