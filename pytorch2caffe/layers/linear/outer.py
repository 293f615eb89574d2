"""torch.outer."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..elementwise.arithmetic import arithmetic
from ..shape.reshape import reshape_to


@from_torch("torch.outer", "torch.Tensor.outer", "torch.ger", "torch.Tensor.ger")
def outer(net: Builder, input: Operand, vec2: Operand) -> Value:
    """The product of each number of `input` [n] and each of `vec2` [m]: [n, m]."""
    column = reshape_to(net, input, (*input.shape, 1), "axes")
    return arithmetic(net, "mul", column, reshape_to(net, vec2, (1, *vec2.shape), "axes"))
