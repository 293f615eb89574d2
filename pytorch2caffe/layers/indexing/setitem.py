"""Writing into a part: x[:, 2:5] = y."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..elementwise.power import Power
from ..elementwise.where import choose
from ..shape.concat import Concat
from ..shape.expand import expand_to
from ..shape.reshape import reshape_to
from ..shape.slice import slice_at
from .index_select import select_indices
from .overwrite import overwrite, overwrite_along
from .subscript import Range, items_of, positions_of, ranges_of


@from_torch("torch.Tensor.__setitem__")
def setitem(net: Builder, input: Operand, index: Any, value: Operand | float) -> Value:
    """Input with a box of it replaced by `value`: cut out and joined again; with a mask, as torch.where."""
    if (
        not isinstance(value, Value)
        and np.size(value) == 1
        and (index in net.masks if isinstance(index, Value) else _is_mask(index))
    ):
        shape = (*index.shape, *(1,) * (len(input.shape) - len(index.shape)))
        mask = reshape_to(net, index, shape, "mask") if isinstance(index, Value) else np.reshape(index, shape)
        return choose(net, mask, float(np.reshape(value, ())), input)
    x = input if isinstance(input, Value) else net.constant(input)
    parts, arrays = items_of(index)
    if arrays:
        return overwrite(net, x, positions_of(x.shape, parts), value)
    ranges, box = ranges_of(x.shape, tuple(parts))
    sizes = [len(range(*each)) for each in ranges]
    if isinstance(value, Value):
        part = reshape_to(net, value, value.shape[max(len(value.shape) - len(box), 0) :], "value")
        value = reshape_to(net, expand_to(net, part, box), sizes, "box")
    elif np.size(value) > 1:
        value = net.constant(np.broadcast_to(value, box).reshape(sizes))
    return _replaced(net, x, value, ranges, 0)


def _is_mask(index: Any) -> bool:
    return isinstance(index, np.ndarray) and index.dtype == bool


def _replaced(net: Builder, x: Value, value: Operand | float, ranges: Sequence[Range], axis: int) -> Value:
    """X with the box `ranges` replaced by `value`, from `axis` on; the axes before it are cut already."""
    if axis == len(ranges):
        if isinstance(value, Value):
            return value
        return net.add(Power(scale=0.0, shift=float(np.reshape(value, ()))), x, name="fill")
    begin, end, step = ranges[axis]
    if step != 1:
        indices = range(begin, end, step)
        part = select_indices(net, x, axis, indices)
        return overwrite_along(net, x, axis, indices, _replaced(net, part, value, ranges, axis + 1))
    points = [point for point in (begin, end) if 0 < point < x.shape[axis]]
    pieces = _cut(net, x, axis, points)
    inner = 1 if begin > 0 else 0
    reads_old = axis + 1 < len(ranges) or not isinstance(value, Value)
    old = _joined(net, axis, pieces[inner]) if reads_old else pieces[inner][0]
    pieces[inner] = [_replaced(net, old, value, ranges, axis + 1)]
    return _joined(net, axis, [value for piece in pieces for value in piece])


def _cut(net: Builder, x: Value, axis: int, points: Sequence[int]) -> list[list[Value]]:
    """The values that make up each piece of x between `points`; what a Concat has joined there is not cut again."""
    producer = next((node for node in reversed(net.graph.nodes) if x in node.outputs), None)
    joined = producer is not None and isinstance(producer.layer, Concat) and producer.layer.axis == axis
    pieces: list[list[Value]] = [[] for _ in range(len(points) + 1)]
    start = 0
    for part in producer.inputs if joined and producer is not None else [x]:
        stop = start + part.shape[axis]
        for value in slice_at(net, part, axis, [point - start for point in points if start < point < stop], "part"):
            pieces[sum(point <= start for point in points)].append(value)
            start += value.shape[axis]
    return pieces


def _joined(net: Builder, axis: int, parts: Sequence[Value]) -> Value:
    return net.add(Concat(axis), *parts, name="joined") if len(parts) > 1 else parts[0]
