"""softmin: the softmax of the negated input."""

from __future__ import annotations

from typing import Any

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from ..elementwise.power import Power
from .softmax import Softmax, along_axis


@from_torch("torch.nn.functional.softmin")
def softmin(net: Builder, input: Value, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Value:
    return along_axis(net, Softmax, net.add(Power(scale=-1.0), input, name="minus"), dim)
