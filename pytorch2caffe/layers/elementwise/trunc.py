"""The integer part of each element."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from .rounding import Rounding


@from_torch("torch.trunc", "torch.Tensor.trunc", "torch.fix", "torch.Tensor.fix")
def trunc(net: Builder, input: Value) -> Value:
    return net.add(Rounding("trunc"), input)
