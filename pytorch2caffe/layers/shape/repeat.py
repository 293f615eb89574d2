"""Tensor.repeat."""

from __future__ import annotations

from collections.abc import Sequence

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch, unpacked
from .tile import tile_to


@from_torch("torch.Tensor.repeat")
def repeat(net: Builder, input: Value, *counts: int | Sequence[int], repeats: Sequence[int] = ()) -> Value:
    return tile_to(net, input, unpacked(counts or (repeats,)))
