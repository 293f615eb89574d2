"""softplus: log(1 + exp(x)), scaled by beta."""

from __future__ import annotations

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_torch
from ..elementwise.power import Power
from .bnll import BNLL

LEAST_THRESHOLD = 12  # log(1 + exp(-12)) / 12 = 5e-7


@from_onnx_alike("Softplus")
@from_torch("torch.nn.functional.softplus", "torch._C._nn.softplus")
def softplus(net: Builder, input: Value, beta: float = 1.0, threshold: float = 20.0) -> Value:
    """log(1 + exp(beta x)) / beta. PyTorch returns x above the threshold, which differs by 2e-9 at 20.

    Raises Refused for a threshold so low that PyTorch's function has a visible step there.
    """
    if threshold < LEAST_THRESHOLD:
        raise Refused(f"softplus with threshold={threshold:g}, where it has a step", f"use {LEAST_THRESHOLD} or more")
    x = input if beta == 1 else net.add(Power(scale=float(beta)), input, name="scaled")
    y = net.add(BNLL(), x)
    return y if beta == 1 else net.add(Power(scale=1 / beta), y)
