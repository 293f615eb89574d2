"""The arc tangent."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_torch
from .atan2 import Atan2
from .power import Power


@from_onnx_alike("Atan")
@from_torch("torch.atan", "torch.Tensor.atan", "torch.arctan", "torch.Tensor.arctan")
def atan(net: Builder, input: Value) -> Value:
    """The angle of the vector (1, input)."""
    return net.add(Atan2(), input, net.add(Power(scale=0.0, shift=1.0), input, name="one"))
