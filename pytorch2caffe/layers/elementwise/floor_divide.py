"""Floor division: x // m."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Term, Value
from ...graph.registry import from_torch
from .integer_division import quotient


@from_torch(
    "torch.floor_divide", "torch.Tensor.floor_divide", "torch.Tensor.__floordiv__", "torch.Tensor.__ifloordiv__"
)
def floor_divide(net: Builder, input: Term, other: Term) -> Value:
    return quotient(net, "floor_divide", input, other, "floor")


@from_torch("torch.Tensor.__rfloordiv__")
def rfloordiv(net: Builder, input: Term, other: Term) -> Value:
    return floor_divide(net, other, input)
