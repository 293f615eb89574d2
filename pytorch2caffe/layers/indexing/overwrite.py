"""Constant positions of a tensor overwritten, or added to."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ..elementwise.arithmetic import arithmetic
from ..linear.linear_map import linear_map
from ..shape.concat import Concat
from ..shape.expand import expand_to
from ..shape.reshape import reshape_to
from .assemble import assemble
from .index_select import select_indices
from .overlay import Content, Filled
from .strided import Scattered, contiguous

TWICE = "writing twice to one position", "use each index once"


def overwrite(net: Builder, x: Value, positions: np.ndarray, values: Operand | float) -> Value:
    """X with the numbers at `positions` of x.reshape(-1) replaced by `values`, which broadcast to positions.shape.

    Raises Refused for a position that occurs twice.
    """
    if len(np.unique(positions)) < positions.size:
        raise Refused(*TWICE)
    whole = contiguous(x.shape)
    content = _content(net, x, values, positions.shape)
    return assemble(net, whole, [whole, Scattered(positions)], [x, content])


def _content(net: Builder, x: Value, values: Operand | float, shape: Shape) -> Content:
    if isinstance(values, Value) or np.size(values) > 1:
        return _expanded(net, values, shape)
    return Filled(float(np.reshape(values, ())), x, contiguous(x.shape))


def add_at(net: Builder, x: Value, positions: np.ndarray, values: Operand | float) -> Value:
    """X with `values`, which broadcast to positions.shape, added to the numbers at `positions` of x.reshape(-1)."""
    matrix = np.zeros((prod(x.shape), positions.size), np.float32)
    matrix[positions.ravel(), np.arange(positions.size)] = 1
    summed = linear_map(net, _row(net, values, positions.shape), 1, matrix, name="placed")
    return arithmetic(net, "add", x, reshape_to(net, summed, x.shape, "added"))


def _row(net: Builder, values: Operand | float, shape: Sequence[int]) -> Value:
    row = _expanded(net, values, shape)
    return reshape_to(net, row if isinstance(row, Value) else net.constant(row), (1, prod(shape)), "values")


def _expanded(net: Builder, values: Operand | float, shape: Sequence[int]) -> Operand:
    """The values broadcast to `shape`; further axes of size 1 in front are dropped, as by an assignment."""
    if not isinstance(values, Value):
        values = np.asarray(values, np.float32)
    expanded: Operand = expand_to(
        net, reshape_to(net, values, values.shape[max(len(values.shape) - len(shape), 0) :]), shape
    )
    return expanded


def overwrite_along(net: Builder, x: Value, dim: int, index: Sequence[int] | np.ndarray, source: Operand) -> Value:
    """x with its positions `index` along an axis replaced by those of `source`, in order.

    Raises Refused for a position that occurs twice.
    """
    dim %= len(x.shape)
    positions = [int(i) % x.shape[dim] for i in np.ravel(index)]
    if len(set(positions)) < len(positions):
        raise Refused(*TWICE)
    order = np.arange(x.shape[dim])
    order[positions] = x.shape[dim] + np.arange(len(positions))
    return select_indices(net, net.add(Concat(dim), x, source, name="both"), dim, order)


def writable(net: Builder, name: str, input: Operand, *index: Any) -> Value:
    """The tensor that `name` writes into. Raises Refused for an index that is traced, and for a tensor without axes."""
    if any(isinstance(i, Value) for i in index):
        raise Refused(f"{name} with an index that depends on the input", "use a constant index")
    if not input.shape:
        raise Refused(f"{name} of one number without axes", "give it an axis")
    return input if isinstance(input, Value) else net.constant(input)


def part_shape(x: Value, dim: int, count: int) -> Shape:
    """The shape of `count` positions of x along an axis."""
    return (*x.shape[:dim], count, *x.shape[dim + 1 :])
