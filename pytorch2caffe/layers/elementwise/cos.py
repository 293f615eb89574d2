"""The cosine of each element."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_torch
from .trigonometric import Trigonometric


@from_onnx_alike("Cos")
@from_torch("torch.cos", "torch.Tensor.cos")
def cos(net: Builder, input: Value) -> Value:
    return net.add(Trigonometric("cos"), input)
