"""The logarithm of a sum of two exponentials."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..activation.bnll import BNLL
from .absval import AbsVal
from .arithmetic import arithmetic
from .power import Power


@from_torch("torch.logaddexp", "torch.Tensor.logaddexp")
def logaddexp(net: Builder, input: Operand, other: Operand) -> Value:
    """log(exp(a) + exp(b)) = max(a, b) + log(1 + exp(-|a - b|)); -inf counts as -3e38 in the difference."""
    finite = [arithmetic(net, "max", x, -3e38) for x in (input, other)]
    distance = net.add(AbsVal(), arithmetic(net, "sub", *finite), name="apart")
    rest = net.add(BNLL(), net.add(Power(scale=-1.0), distance, name="minus"), name="softplus")
    return arithmetic(net, "add", arithmetic(net, "max", input, other), rest)
