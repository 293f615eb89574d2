"""Writing into a part: x[:, 2:5] = y."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from ..elementwise.power import Power
from ..elementwise.where import choose
from ..linear.linear_map import select_indices
from ..shape.concat import Concat
from ..shape.expand import expand_to
from ..shape.reshape import reshape_to
from ..shape.slice import slice_at
from .getitem import ranges_of
from .index import along, items_of, places_of, put


@from_torch("torch.Tensor.__setitem__")
def setitem(net: Builder, input: Value, index: Any, value: Any) -> Any:
    """Input with a box of it replaced by `value`: cut out and joined again; with a mask, as torch.where."""
    number = not isinstance(value, Value) and np.size(value) == 1
    if number and (index in net.masks if isinstance(index, Value) else _is_mask(index)):
        shape = (*index.shape, *(1,) * (len(input.shape) - len(index.shape)))
        mask = reshape_to(net, index, shape, "mask") if isinstance(index, Value) else np.reshape(index, shape)
        return choose(net, mask, np.float32(np.reshape(value, ())), input)
    x = input if isinstance(input, Value) else net.constant(input)
    parts, arrays = items_of(index)
    if arrays:
        return put(net, x, places_of(x.shape, parts), value)
    ranges, shape = ranges_of(x.shape, tuple(parts))
    sizes = [len(range(*each)) for each in ranges]
    if isinstance(value, Value):
        value = reshape_to(net, value, value.shape[max(len(value.shape) - len(shape), 0) :], "value")
        value = reshape_to(net, expand_to(net, value, shape), sizes, "box")
    elif np.size(value) > 1:
        value = net.constant(np.broadcast_to(value, shape).reshape(sizes))
    return _put(net, x, value, ranges, 0)


def _is_mask(index: Any) -> Any:
    return isinstance(index, np.ndarray) and index.dtype == bool


def _put(net: Builder, x: Value, value: Any, ranges: Any, axis: int) -> Any:
    if axis == len(ranges):
        number = None if isinstance(value, Value) else float(np.reshape(value, ()))
        return value if number is None else net.add(Power(scale=0.0, shift=number), x, name="fill")
    begin, end, step = ranges[axis]
    if step != 1:
        indices = range(begin, end, step)
        part = select_indices(net, x, axis, indices)
        return along(net, x, axis, indices, _put(net, part, value, ranges, axis + 1))
    points = [point for point in (begin, end) if 0 < point < x.shape[axis]]
    parts = list(slice_at(net, x, axis, points, "part"))
    place = 1 if begin > 0 else 0
    parts[place] = _put(net, parts[place], value, ranges, axis + 1)
    return net.add(Concat(axis), *parts, name="joined") if points else parts[0]
