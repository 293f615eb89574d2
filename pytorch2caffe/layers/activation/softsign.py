"""Softsign and the functions that shrink towards zero."""

from __future__ import annotations

from typing import Any

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_ir_alike, from_torch
from ..elementwise.absval import AbsVal
from ..elementwise.eltwise import Eltwise
from ..elementwise.power import Power
from .relu import ReLU
from .tanh import TanH
from .threshold import Threshold


@from_ir_alike("Softsign")
@from_torch("torch.nn.functional.softsign")
def softsign(net: Builder, input: Value) -> Any:
    """x / (1 + |x|)."""
    size = net.add(AbsVal(), input, name="abs")
    return net.add(Eltwise("PROD"), input, net.add(Power(power=-1.0, shift=1.0), size, name="inverse"))


@from_torch("torch.nn.functional.tanhshrink")
def tanhshrink(net: Builder, input: Value) -> Any:
    """x - tanh(x)."""
    return net.add(Eltwise("SUM", (1.0, -1.0)), input, net.add(TanH(), input, name="tanh"))


@from_torch("torch.nn.functional.softshrink", "torch._C._nn.softshrink")
def softshrink(net: Builder, input: Value, lambd: float = 0.5) -> Any:
    """ReLU(x - lambda) - ReLU(-x - lambda)."""
    above = net.add(ReLU(), net.add(Power(shift=-float(lambd)), input, name="shift"), name="above")
    below = net.add(ReLU(), net.add(Power(scale=-1.0, shift=-float(lambd)), input, name="mirror"), name="below")
    return net.add(Eltwise("SUM", (1.0, -1.0)), above, below)


@from_torch("torch.hardshrink", "torch.Tensor.hardshrink", "torch.nn.functional.hardshrink")
def hardshrink(net: Builder, input: Value, lambd: float = 0.5) -> Any:
    """x times [|x| > lambda]."""
    outside = net.add(Threshold(float(lambd)), net.add(AbsVal(), input, name="abs"), name="outside")
    return net.add(Eltwise("PROD"), input, outside)
