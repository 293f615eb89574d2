"""The elementwise minimum of two tensors."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch, keeps_masks
from .arithmetic import arithmetic


@from_torch("torch.minimum", "torch.Tensor.minimum", "torch.fmin", "torch.Tensor.fmin")
@keeps_masks
def minimum(net: Builder, input: Operand, other: Operand) -> Value:
    return arithmetic(net, "min", input, other)
