"""The minimum over axes: torch.min and torch.amin."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import Dims, from_ir, from_torch
from .max import extreme
from .reduce import ir_reduce, reduce


@from_torch("torch.amin", "torch.Tensor.amin")
def amin(net: Builder, input: Value, dim: Dims = (), keepdim: bool = False) -> Value:
    return reduce(net, "min", input, dim, keepdim)


@from_torch("torch.min", "torch.Tensor.min")
def min(
    net: Builder, input: Value, dim: Dims | Operand = None, keepdim: bool = False, *, other: Operand | None = None
) -> Value | list[Value]:
    return extreme(net, "min", input, dim if other is None else other, keepdim)


@from_ir("Min", "ReduceMin")
def ir_min(net: Builder, node: IrOperator, input: Value) -> Value:
    return ir_reduce(node, input, lambda x, axes: reduce(net, "min", x, axes, True) if axes else x)
