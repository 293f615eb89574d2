"""The product over axes."""

from __future__ import annotations

from math import prod as product
from typing import Any

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import from_ir, from_torch
from ..elementwise.eltwise import Eltwise
from ..shape.concat import Concat
from ..shape.reshape import reshape_to
from ..shape.slice import slice_at
from .reduce import drop_axes, ir_reduce


@from_torch("torch.prod", "torch.Tensor.prod")
def prod(net: Builder, input: Value, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Value:
    """The first half of the axis times the second, until one element is left."""
    if dim is None:
        x = reshape_to(net, input, (product(input.shape),), "flat")
        return reshape_to(net, prod(net, x, 0, True), ())
    if not input.shape:
        return input
    dim %= len(input.shape)
    x = input
    while (size := x.shape[dim]) > 1:
        half = size // 2
        first, second, *rest = slice_at(net, x, dim, [half, 2 * half] if size % 2 else [half], "half")
        x = net.add(Eltwise("PROD"), first, second, name="product")
        if rest and half == 1:
            x = net.add(Eltwise("PROD"), x, rest[0], name="product")
        elif rest:
            x = _times_last(net, x, rest[0], dim)
    return drop_axes(net, x, (dim,), keepdim)


def _times_last(net: Builder, x: Value, rest: Value, dim: int) -> Value:
    """`x` with its last element along dim multiplied by `rest`."""
    body, last = slice_at(net, x, dim, [x.shape[dim] - 1], "last")
    return net.add(Concat(dim), body, net.add(Eltwise("PROD"), last, rest, name="product"), name="joined")


@from_ir("Prod", "ReduceProd")
def ir_prod(net: Builder, node: IrOperator, input: Value) -> Value:
    def each(x: Value, axes: tuple[int, ...]) -> Value:
        for axis in axes:
            x = prod(net, x, axis, True)
        return x

    return ir_reduce(node, input, each)
