"""The least integer that is not below each element."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_torch
from .rounding import Rounding


@from_onnx_alike("Ceil")
@from_torch("torch.ceil", "torch.Tensor.ceil")
def ceil(net: Builder, input: Value) -> Value:
    return net.add(Rounding("ceil"), input)
