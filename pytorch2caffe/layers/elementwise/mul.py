"""Multiplication."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Term, Value
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_torch, keeps_masks
from .arithmetic import arithmetic


@from_onnx_alike("Mul", since=7)
@from_torch(
    "torch.mul",
    "torch.Tensor.mul",
    "torch.Tensor.mul_",
    "torch.multiply",
    "torch.Tensor.multiply",
    "torch.Tensor.__rmul__",
    "torch.Tensor.__imul__",
)
@keeps_masks
def mul(net: Builder, input: Term, other: Term) -> Value:
    return arithmetic(net, "mul", input, other)
