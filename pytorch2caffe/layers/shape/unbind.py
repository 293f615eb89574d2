"""torch.unbind and the IR's Unstack: the slices of an axis, without it."""

from __future__ import annotations

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import from_ir, from_torch
from .reshape import reshape_to
from .slice import MOST_PARTS, slice_at


@from_torch("torch.unbind", "torch.Tensor.unbind", "torch.Tensor.__iter__")
def unbind(net: Builder, input: Value, dim: int = 0) -> list[Value]:
    dim %= len(input.shape)
    pieces = slice_at(net, input, dim, range(1, input.shape[dim]))
    return [reshape_to(net, p, (*p.shape[:dim], *p.shape[dim + 1 :]), "piece") for p in pieces]


@from_ir("Unstack", "Unpack")
def ir_unstack(net: Builder, node: IrOperator, input: Value) -> list[Value]:
    axis = node.ir_axis(input, node.integer("axis", 0))
    shape = node.shape(input)
    if shape[axis] > MOST_PARTS:
        raise Refused(f"{node.op} into {shape[axis]} parts", f"use at most {MOST_PARTS}")
    pieces = slice_at(net, input, node.axis(input, axis), range(1, shape[axis]))
    return [node.reshaped(piece, (*shape[:axis], *shape[axis + 1 :])) for piece in pieces]
