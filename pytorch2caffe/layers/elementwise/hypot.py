"""The hypotenuse of two tensors."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from .arithmetic import arithmetic
from .power import Power


@from_torch("torch.hypot", "torch.Tensor.hypot")
def hypot(net: Builder, input: Operand, other: Operand) -> Value:
    """sqrt(a^2 + b^2)."""
    squares = [net.add(Power(power=2.0), x) if isinstance(x, Value) else x * x for x in (input, other)]
    return net.add(Power(power=0.5), arithmetic(net, "add", *squares))
