"""Indexing: x[:, 2:5], x[..., ::2], x[0], x[:, None], x[:, [2, 1, 0]], x[mask]."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..shape.reshape import reshape_to
from .index_select import select_indices
from .strided_slice import select
from .subscript import from_the_end, items_of, positions_of, ranges_of, to_before_end


@from_torch("torch.Tensor.__getitem__")
def getitem(net: Builder, input: Operand, index: Any) -> Value:
    """One StridedSlice and, for integers and None, one Reshape; arrays select positions one by one."""
    if not isinstance(input, Value):
        raise Refused("an index that depends on the input", "index with numbers")
    parts, arrays = items_of(index)
    if arrays:
        return _take(net, input, parts)
    ranges, shape = ranges_of(input.shape, tuple(parts))
    fixed, from_end = (axes(input.shape, tuple(parts)) for axes in (from_the_end, to_before_end))
    return reshape_to(net, select(net, input, ranges, fixed, from_end), shape)


def _take(net: Builder, x: Value, parts: Sequence[Any]) -> Value:
    """x[parts] with arrays among the parts: along one axis for one array of one axis, else from the flat tensor."""
    arrays = [p for p in parts if isinstance(p, np.ndarray)]
    if len(arrays) > 1 or arrays[0].ndim != 1:
        positions = positions_of(x.shape, parts)
        y = select_indices(net, reshape_to(net, x, (1, prod(x.shape)), "flat"), 1, positions.ravel())
        return reshape_to(net, y, positions.shape)
    basic = tuple(slice(None) if p is arrays[0] else p for p in parts)
    ranges, shape = ranges_of(x.shape, basic)
    own = next(i for i, p in enumerate(parts) if p is arrays[0])
    if any(p is Ellipsis for p in parts[:own]):  # counted from the last axis
        axis = len(shape) - sum(not isinstance(p, int) for p in parts[own:])
    else:
        axis = sum(not isinstance(p, int) for p in parts[:own])
    indices = np.flatnonzero(arrays[0]) if arrays[0].dtype == bool else arrays[0]
    return select_indices(net, reshape_to(net, select(net, x, ranges), shape), axis, indices)
