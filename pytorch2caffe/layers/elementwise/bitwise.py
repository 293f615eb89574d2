"""Bitwise operators, of masks only."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch, keeps_masks
from .logical import logical_and, logical_not, logical_or, logical_xor
from .mask import mask_of


@from_torch("torch.bitwise_not", "torch.Tensor.bitwise_not", "torch.Tensor.__invert__")
@keeps_masks
def bitwise_not(net: Builder, input: Operand) -> Value:
    return logical_not(net, mask_of(net, input, "not"))


@from_torch(
    "torch.bitwise_and",
    "torch.Tensor.bitwise_and",
    "torch.Tensor.__and__",
    "torch.Tensor.__rand__",
    "torch.Tensor.__iand__",
)
@keeps_masks
def bitwise_and(net: Builder, input: Operand, other: Operand) -> Value:
    return logical_and(net, mask_of(net, input, "and"), mask_of(net, other, "and"))


@from_torch(
    "torch.bitwise_or", "torch.Tensor.bitwise_or", "torch.Tensor.__or__", "torch.Tensor.__ror__", "torch.Tensor.__ior__"
)
@keeps_masks
def bitwise_or(net: Builder, input: Operand, other: Operand) -> Value:
    return logical_or(net, mask_of(net, input, "or"), mask_of(net, other, "or"))


@from_torch(
    "torch.bitwise_xor",
    "torch.Tensor.bitwise_xor",
    "torch.Tensor.__xor__",
    "torch.Tensor.__rxor__",
    "torch.Tensor.__ixor__",
)
@keeps_masks
def bitwise_xor(net: Builder, input: Operand, other: Operand) -> Value:
    return logical_xor(net, mask_of(net, input, "xor"), mask_of(net, other, "xor"))
