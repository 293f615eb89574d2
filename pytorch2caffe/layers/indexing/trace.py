"""torch.trace: the sum of a diagonal."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from ..reduction.sum import sum
from .diagonal import diagonal


@from_torch("torch.trace", "torch.Tensor.trace")
def trace(net: Builder, input: Value) -> Value:
    return sum(net, diagonal(net, input))
