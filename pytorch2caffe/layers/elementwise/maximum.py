"""The elementwise maximum of two tensors."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch, keeps_masks
from .arithmetic import arithmetic


@from_torch("torch.maximum", "torch.Tensor.maximum", "torch.fmax", "torch.Tensor.fmax")
@keeps_masks
def maximum(net: Builder, input: Operand, other: Operand) -> Value:
    return arithmetic(net, "max", input, other)
