"""The arc sine."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_torch
from .atan2 import Atan2
from .eltwise import Eltwise
from .power import Power


def other_side(net: Builder, x: Value) -> Value:
    """sqrt(1 - x^2), from (1 - x) (1 + x), which is exact near 1."""
    below = net.add(Power(scale=-1.0, shift=1.0), x, name="below_1")
    above = net.add(Power(shift=1.0), x, name="above_minus_1")
    side: Value = net.add(Power(power=0.5), net.add(Eltwise("PROD"), below, above, name="square"), name="side")
    return side


@from_onnx_alike("Asin")
@from_torch("torch.asin", "torch.Tensor.asin", "torch.arcsin", "torch.Tensor.arcsin")
def asin(net: Builder, input: Value) -> Value:
    """The angle of the vector (sqrt(1 - input^2), input)."""
    return net.add(Atan2(), input, other_side(net, input))
