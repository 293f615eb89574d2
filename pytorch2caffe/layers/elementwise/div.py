"""Division."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Term, Value
from ...graph.onnx_rules import OnnxNode, from_onnx
from ...graph.registry import from_torch
from .arithmetic import arithmetic
from .integer_division import quotient


@from_torch(
    "torch.div",
    "torch.Tensor.div",
    "torch.Tensor.div_",
    "torch.divide",
    "torch.true_divide",
    "torch.Tensor.divide",
    "torch.Tensor.true_divide",
    "torch.Tensor.__truediv__",
    "torch.Tensor.__itruediv__",
    "torch.Tensor.__div__",
)
def div(net: Builder, input: Term, other: Term, *, rounding_mode: str | None = None) -> Value:
    if rounding_mode is not None:
        return quotient(net, f"div with rounding_mode={rounding_mode!r}", input, other, rounding_mode)
    return arithmetic(net, "div", input, other)


@from_torch("torch.Tensor.__rtruediv__", "torch.Tensor.__rdiv__")
def rdiv(net: Builder, input: Term, other: Term) -> Value:
    return arithmetic(net, "div", other, input)


@from_onnx("Div", since=7)
def onnx_div(net: Builder, A: Term, B: Term, *, node: OnnxNode) -> Value:
    """Of integers it rounds towards zero."""
    return div(net, A, B, rounding_mode="trunc" if node.integers() else None)
