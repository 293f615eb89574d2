"""Two axes exchanged: torch.transpose, t, T, mT."""

from __future__ import annotations

from typing import Any

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import from_ir, from_torch
from .permute import permute_to


@from_torch(
    "torch.transpose",
    "torch.Tensor.transpose",
    "torch.swapaxes",
    "torch.Tensor.swapaxes",
    "torch.swapdims",
    "torch.Tensor.swapdims",
)
def transpose(net: Builder, input: Operand, dim0: int, dim1: int) -> Any:
    if not input.shape:
        return input
    order = list(range(len(input.shape)))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return permute_to(net, input, order)


@from_torch("torch.t", "torch.Tensor.t", "torch.Tensor.T", "torch.numpy_T", "aten.numpy_T")
def t(net: Builder, input: Value) -> Value:
    return permute_to(net, input, range(len(input.shape) - 1, -1, -1))


@from_torch("torch.Tensor.mT", "torch.adjoint", "torch.Tensor.adjoint")
def mt(net: Builder, input: Value) -> Value:
    return transpose(net, input, -2, -1)


@from_ir("Transpose", "Permute")
def ir_transpose(net: Builder, node: IrOperator, input: Value) -> Value:
    rank = len(input.shape)
    order = node.integers("perm" if "perm" in node or "order" not in node else "order", count=rank)
    if sorted(order) != list(range(rank)):
        raise Refused(f"{node.op} to {order} of a tensor of {rank} axes", "name each axis once")
    return node.stored(permute_to(net, node.ordered(input), order))
