"""torch.select."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from ..shape.reshape import reshape_to
from .narrow import narrow


@from_torch("torch.select", "torch.Tensor.select")
def select(net: Builder, input: Value, dim: int, index: int | Value) -> Value:
    dim %= len(input.shape)
    y = narrow(net, input, dim, index, 1)
    return reshape_to(net, y, (*y.shape[:dim], *y.shape[dim + 1 :]))
