"""torch.movedim."""

from __future__ import annotations

from collections.abc import Sequence

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from .permute import permute_to


@from_torch("torch.movedim", "torch.Tensor.movedim", "torch.moveaxis", "torch.Tensor.moveaxis")
def movedim(net: Builder, input: Value, source: int | Sequence[int], destination: int | Sequence[int]) -> Value:
    rank = len(input.shape)
    sources = [s % rank for s in ([source] if isinstance(source, int) else source)]
    targets = [d % rank for d in ([destination] if isinstance(destination, int) else destination)]
    rest = iter(axis for axis in range(rank) if axis not in sources)
    order = [sources[targets.index(i)] if i in targets else next(rest) for i in range(rank)]
    return permute_to(net, input, order)
