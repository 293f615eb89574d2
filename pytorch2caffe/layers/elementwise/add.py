"""Addition."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Term, Value
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_torch
from .arithmetic import arithmetic


@from_onnx_alike("Add", since=7)
@from_torch("torch.add", "torch.Tensor.add", "torch.Tensor.add_", "torch.Tensor.__radd__", "torch.Tensor.__iadd__")
def add(net: Builder, input: Term, other: Term, *, alpha: float = 1) -> Value:
    return arithmetic(net, "add", input, other if alpha == 1 else arithmetic(net, "mul", other, alpha))
