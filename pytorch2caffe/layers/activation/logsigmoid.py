"""The logarithm of the sigmoid."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from ..elementwise.power import Power
from .bnll import BNLL


@from_torch("torch.nn.functional.logsigmoid", "torch._C._nn.log_sigmoid")
def logsigmoid(net: Builder, input: Value) -> Value:
    """log(sigmoid(x)) = -log(1 + exp(-x))."""
    minus = net.add(Power(scale=-1.0), input, name="minus")
    return net.add(Power(scale=-1.0), net.add(BNLL(), minus, name="softplus"))
