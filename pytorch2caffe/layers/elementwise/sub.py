"""Subtraction."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Term, Value
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_torch
from .arithmetic import arithmetic


@from_onnx_alike("Sub", since=7)
@from_torch(
    "torch.sub",
    "torch.Tensor.sub",
    "torch.Tensor.sub_",
    "torch.subtract",
    "torch.Tensor.subtract",
    "torch.Tensor.__isub__",
)
def sub(net: Builder, input: Term, other: Term, *, alpha: float = 1) -> Value:
    return arithmetic(net, "sub", input, other if alpha == 1 else arithmetic(net, "mul", other, alpha))


@from_torch("torch.Tensor.__rsub__", "torch.rsub")
def rsub(net: Builder, input: Term, other: Term, *, alpha: float = 1) -> Value:
    return sub(net, other, input, alpha=alpha)
