"""The greatest integer that is not above each element."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_torch
from .rounding import Rounding


@from_onnx_alike("Floor")
@from_torch("torch.floor", "torch.Tensor.floor")
def floor(net: Builder, input: Value) -> Value:
    return net.add(Rounding("floor"), input)
