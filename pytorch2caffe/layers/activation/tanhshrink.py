"""tanhshrink: the input minus its tanh."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from ..elementwise.eltwise import Eltwise
from .tanh import TanH


@from_torch("torch.nn.functional.tanhshrink")
def tanhshrink(net: Builder, input: Value) -> Value:
    """x - tanh(x)."""
    return net.add(Eltwise("SUM", (1.0, -1.0)), input, net.add(TanH(), input, name="tanh"))
