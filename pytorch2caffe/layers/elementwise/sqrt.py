"""The square root and its reciprocal."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_ir_alike, from_torch
from .power import Power


@from_onnx_alike("Sqrt")
@from_ir_alike("Sqrt")
@from_torch("torch.sqrt", "torch.sqrt_", "torch.Tensor.sqrt", "torch.Tensor.sqrt_")
def sqrt(net: Builder, input: Value) -> Value:
    return net.add(Power(power=0.5), input)


@from_ir_alike("Rsqrt")
@from_torch("torch.rsqrt", "torch.rsqrt_", "torch.Tensor.rsqrt", "torch.Tensor.rsqrt_")
def rsqrt(net: Builder, input: Value) -> Value:
    return net.add(Power(power=-0.5), input)
