"""The sum over axes."""

from __future__ import annotations

from typing import Any

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import Dims, from_ir, from_torch
from .reduce import ir_reduce, reduce


@from_torch("torch.sum", "torch.Tensor.sum")
def sum(net: Builder, input: Value, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Value:
    return reduce(net, "sum", input, dim, keepdim)


@from_ir("Sum", "ReduceSum")
def ir_sum(net: Builder, node: IrOperator, input: Value) -> Value:
    return ir_reduce(node, input, lambda x, axes: reduce(net, "sum", x, axes, True) if axes else x)
