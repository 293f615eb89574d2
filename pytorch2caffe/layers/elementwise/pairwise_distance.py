"""The distance between vectors."""

from __future__ import annotations

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..reduction.norm import norm_of
from .arithmetic import arithmetic


@from_torch("torch.pairwise_distance", "torch.nn.functional.pairwise_distance")
def pairwise_distance(
    net: Builder, x1: Operand, x2: Operand, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Value:
    """The Euclidean norm of x1 - x2 + eps along the last axis."""
    if p != 2:
        raise Refused(f"pairwise_distance with p={p}", "use p=2")
    difference = arithmetic(net, "add", arithmetic(net, "sub", x1, x2), float(eps))
    return norm_of(net, difference, (len(difference.shape) - 1,), keepdim)
