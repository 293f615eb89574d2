"""hardshrink: zero within lambda of zero."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from ..elementwise.absval import AbsVal
from ..elementwise.eltwise import Eltwise
from .threshold import Threshold


@from_torch("torch.hardshrink", "torch.Tensor.hardshrink", "torch.nn.functional.hardshrink")
def hardshrink(net: Builder, input: Value, lambd: float = 0.5) -> Value:
    """x where |x| > lambda, else 0."""
    outside = net.add(Threshold(float(lambd)), net.add(AbsVal(), input, name="abs"), name="outside")
    return net.add(Eltwise("PROD"), input, outside)
