"""The negative."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_ir_alike, from_torch
from .power import Power


@from_onnx_alike("Neg")
@from_ir_alike("Neg")
@from_torch(
    "torch.neg", "torch.neg_", "torch.Tensor.neg", "torch.Tensor.neg_", "torch.negative", "torch.Tensor.negative"
)
def neg(net: Builder, input: Value) -> Value:
    return net.add(Power(scale=-1.0), input)
