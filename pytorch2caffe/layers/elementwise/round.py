"""The nearest integer, or multiple of a power of ten."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_torch
from .power import Power
from .rounding import Rounding


@from_onnx_alike("Round")
@from_torch("torch.round", "torch.Tensor.round", "torch.special.round")
def round(net: Builder, input: Value, *, decimals: int = 0) -> Value:
    """To the nearest multiple of 10^-decimals, halves to the even one."""
    if not decimals:
        return net.add(Rounding("round"), input)
    scaled = net.add(Power(scale=10.0**decimals), input, name="scaled")
    return net.add(Power(scale=10.0**-decimals), net.add(Rounding("round"), scaled, name="rounded"))
