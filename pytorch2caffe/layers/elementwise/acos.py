"""The arc cosine."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_torch
from .asin import other_side
from .atan2 import Atan2


@from_onnx_alike("Acos")
@from_torch("torch.acos", "torch.Tensor.acos", "torch.arccos", "torch.Tensor.arccos")
def acos(net: Builder, input: Value) -> Value:
    """The angle of the vector (input, sqrt(1 - input^2))."""
    return net.add(Atan2(), other_side(net, input), input)
