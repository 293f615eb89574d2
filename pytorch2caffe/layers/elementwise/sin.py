"""The sine of each element."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_torch
from .trigonometric import Trigonometric


@from_onnx_alike("Sin")
@from_torch("torch.sin", "torch.Tensor.sin")
def sin(net: Builder, input: Value) -> Value:
    return net.add(Trigonometric("sin"), input)
