"""torch.rot90."""

from __future__ import annotations

from collections.abc import Sequence

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from .flip import flip
from .transpose import transpose


@from_torch("torch.rot90", "torch.Tensor.rot90")
def rot90(net: Builder, input: Value, k: int = 1, dims: Sequence[int] = (0, 1)) -> Value:
    """k quarter turns from the first of the two axes towards the second."""
    first, second = dims
    reversed_axes = {0: (), 1: (second,), 2: (first, second), 3: (first,)}[k % 4]
    x = flip(net, input, dims=reversed_axes)
    return transpose(net, x, first, second) if k % 2 else x
