"""softshrink: moves the input towards zero by lambda."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from ..elementwise.eltwise import Eltwise
from ..elementwise.power import Power
from .relu import ReLU


@from_torch("torch.nn.functional.softshrink", "torch._C._nn.softshrink")
def softshrink(net: Builder, input: Value, lambd: float = 0.5) -> Value:
    """ReLU(x - lambda) - ReLU(-x - lambda)."""
    above = net.add(ReLU(), net.add(Power(shift=-float(lambd)), input, name="shift"), name="above")
    below = net.add(ReLU(), net.add(Power(scale=-1.0, shift=-float(lambd)), input, name="mirror"), name="below")
    return net.add(Eltwise("SUM", (1.0, -1.0)), above, below)
