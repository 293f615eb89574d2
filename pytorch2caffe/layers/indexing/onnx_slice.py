"""ONNX's Slice."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import constant_input, from_onnx
from .index_select import select_indices
from .strided_slice import select


@from_onnx("Slice")
def onnx_slice(
    net: Builder, data: Value, starts: Any = None, ends: Any = None, axes: Any = None, steps: Any = None
) -> Value:
    """Backwards along an axis, its positions are selected one by one."""
    rank, x = len(data.shape), data
    first, last = ([int(n) for n in np.ravel(constant_input(each, "a bound of Slice"))] for each in (starts, ends))
    along = [int(a) for a in np.ravel(axes)] if axes is not None else list(range(len(first)))
    step = (
        [int(s) for s in np.ravel(constant_input(steps, "a step of Slice"))] if steps is not None else [1] * len(first)
    )
    ranges = [(0, size, 1) for size in data.shape]
    for axis, begin, end, by in zip(along, first, last, step, strict=True):
        if not -rank <= axis < rank or by == 0:
            raise Refused(f"Slice of axis {axis} in steps of {by} of a tensor of {rank} axes")
        size = data.shape[axis]
        positions = range(size)[slice(begin, None if by < 0 and end < -size else end, by)]
        if not positions:
            raise Refused(f"Slice of axis {axis} from {begin} to {end} by {by}: it has no elements")
        if by < 0:
            x = select_indices(net, x, axis, positions)
        else:
            ranges[axis % rank] = (positions.start, positions.stop, by)
    sizes = zip(ranges, data.shape, x.shape, strict=True)
    return select(net, x, [(0, own, 1) if r == (0, size, 1) else r for r, size, own in sizes])
