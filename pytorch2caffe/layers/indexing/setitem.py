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
from ..linear.linear_map import select_indices
from ..shape.concat import Concat
from ..shape.expand import expand_to
from ..shape.reshape import reshape_to
from ..shape.slice import slice_at
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
    pieces = list(slice_at(net, x, axis, points, "part"))
    inner = 1 if begin > 0 else 0
    pieces[inner] = _replaced(net, pieces[inner], value, ranges, axis + 1)
    return net.add(Concat(axis), *pieces, name="joined") if points else pieces[0]
