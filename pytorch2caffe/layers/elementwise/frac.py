"""What is left of each element without its integer part."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from .rounding import DIFFERENCE, Rounding


@from_torch("torch.frac", "torch.Tensor.frac")
def frac(net: Builder, input: Value) -> Value:
    return net.add(DIFFERENCE, input, net.add(Rounding("trunc"), input, name="integer"))
