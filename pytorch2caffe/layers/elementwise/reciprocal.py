"""The reciprocal."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_ir_alike, from_torch
from .power import Power


@from_onnx_alike("Reciprocal")
@from_ir_alike("Reciprocal")
@from_torch("torch.reciprocal", "torch.reciprocal_", "torch.Tensor.reciprocal", "torch.Tensor.reciprocal_")
def reciprocal(net: Builder, input: Value) -> Value:
    return net.add(Power(power=-1.0), input)
