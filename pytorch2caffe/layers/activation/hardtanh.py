"""hardtanh: a clip to an interval."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from .clip import Clip


@from_torch("torch.nn.functional.hardtanh", "torch.nn.functional.hardtanh_")
def hardtanh(net: Builder, input: Value, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Value:
    return net.add(Clip(min_val, max_val), input)
