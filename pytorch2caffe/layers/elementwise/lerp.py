"""Linear interpolation between two tensors."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Operand, Term, Value
from ...graph.registry import from_torch
from .arithmetic import arithmetic


@from_torch("torch.lerp", "torch.Tensor.lerp")
def lerp(net: Builder, input: Operand, end: Operand, weight: Term) -> Value:
    """input + weight * (end - input)."""
    offset = arithmetic(net, "mul", arithmetic(net, "sub", end, input), weight)
    return arithmetic(net, "add", offset, input)
