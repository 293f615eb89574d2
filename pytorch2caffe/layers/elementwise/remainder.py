"""The remainder: x % m."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Term, Value
from ...graph.registry import from_torch
from .integer_division import modulo, operands


@from_torch("torch.remainder", "torch.Tensor.remainder", "torch.Tensor.__mod__", "torch.Tensor.__imod__")
def remainder(net: Builder, input: Term, other: Term) -> Value:
    """What floor(input / other) * other leaves, with the sign of `other`."""
    return modulo(net, *operands(net, "remainder", input, other))


@from_torch("torch.Tensor.__rmod__")
def rmod(net: Builder, input: Term, other: Term) -> Value:
    return remainder(net, other, input)
