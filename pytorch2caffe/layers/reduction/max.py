"""The maximum over axes: torch.max and torch.amax."""

from __future__ import annotations

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import Dims, from_ir, from_torch
from ..elementwise.arithmetic import arithmetic
from .arg_max import argmax, argmin
from .reduce import ir_reduce, reduce


@from_torch("torch.amax", "torch.Tensor.amax")
def amax(net: Builder, input: Value, dim: Dims = (), keepdim: bool = False) -> Value:
    return reduce(net, "max", input, dim, keepdim)


def extreme(net: Builder, operation: str, input: Value, dim: Dims | Operand, keepdim: bool) -> Value | list[Value]:
    """The forms of torch.max: of two tensors, of a complete tensor, along an axis (values and indices)."""
    if isinstance(dim, int) and not isinstance(dim, bool):
        indices = (argmax if operation == "max" else argmin)(net, input, dim, keepdim)
        return [reduce(net, operation, input, dim, keepdim), indices]
    if dim is None:
        return reduce(net, operation, input, None, False)
    if not isinstance(dim, (Value, np.ndarray)):
        raise Refused(f"{operation} with {type(dim).__name__}", "give an axis or a second tensor")
    return arithmetic(net, operation, input, dim)


@from_torch("torch.max", "torch.Tensor.max")
def max(
    net: Builder, input: Value, dim: Dims | Operand = None, keepdim: bool = False, *, other: Operand | None = None
) -> Value | list[Value]:
    return extreme(net, "max", input, dim if other is None else other, keepdim)


@from_ir("Max", "ReduceMax")
def ir_max(net: Builder, node: IrOperator, input: Value, *more: Operand) -> Value:
    """Of one tensor along axes, or, as MMdnn's Caffe parser writes it, of several tensors element by element."""
    if more:
        a, *rest = node.aligned(input, *more)
        for b in rest:
            a = arithmetic(net, "max", a, b)
        return a
    return ir_reduce(node, input, lambda x, axes: reduce(net, "max", x, axes, True) if axes else x)
