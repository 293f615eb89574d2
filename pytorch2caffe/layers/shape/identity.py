"""Calls that return their input unchanged."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_torch


@from_onnx_alike("Identity", "StopGradient")
@from_torch(
    "torch.nn.Identity",
    "torch.Tensor.positive",
    "torch.positive",
    "torch.Tensor.resolve_conj",
    "torch.Tensor.resolve_neg",
    "torch.nn.functional.feature_dropout_eval",
)
def identity(net: Builder, input: Value) -> Value:
    return input
