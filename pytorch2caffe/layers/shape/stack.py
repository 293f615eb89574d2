"""Stacking: concatenation along a new axis, or after axes of size 1 are added."""

from __future__ import annotations

from collections.abc import Sequence

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import from_ir, from_torch
from .atleast import at_least
from .cat import cat
from .concat import Concat
from .reshape import reshape_to


@from_torch("torch.stack")
def stack(net: Builder, tensors: Sequence[Operand], dim: int = 0) -> Value:
    values = [t if isinstance(t, Value) else net.constant(t) for t in tensors]
    dim %= len(values[0].shape) + 1
    parts = [reshape_to(net, v, (*v.shape[:dim], 1, *v.shape[dim:]), "part") for v in values]
    return net.add(Concat(dim), *parts) if len(parts) > 1 else parts[0]


@from_torch("torch.hstack")
def hstack(net: Builder, tensors: Sequence[Operand]) -> Value:
    rows = [reshape_to(net, x, at_least(1, x.shape)) for x in tensors]
    return cat(net, rows, 0 if len(rows[0].shape) == 1 else 1)


@from_torch("torch.vstack", "torch.row_stack")
def vstack(net: Builder, tensors: Sequence[Operand]) -> Value:
    return cat(net, [reshape_to(net, x, at_least(2, x.shape)) for x in tensors], 0)


@from_torch("torch.dstack")
def dstack(net: Builder, tensors: Sequence[Operand]) -> Value:
    return cat(net, [reshape_to(net, x, at_least(3, x.shape)) for x in tensors], 2)


@from_torch("torch.column_stack")
def column_stack(net: Builder, tensors: Sequence[Operand]) -> Value:
    return cat(net, [reshape_to(net, x, (*x.shape, 1)[:2]) if len(x.shape) < 2 else x for x in tensors], 1)


@from_ir("Pack", "Stack")
def ir_pack(net: Builder, node: IrOperator, *inputs: Value) -> Value:
    axis = node.ir_axis(inputs[0], node.integer("axis", 0), 1)
    open_axis = 1 if axis == 0 and node.open_axis() == 1 else None
    parts = [node.reshaped(x, (*(s := node.shape(x))[:axis], 1, *s[axis:]), open_axis) for x in inputs]
    return cat(net, parts, node.axis(parts[0], axis))
