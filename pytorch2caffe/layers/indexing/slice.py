"""Slices along axes: aten.slice, and the IR's StridedSlice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import from_ir, from_torch
from .strided_slice import select
from .subscript import Range, from_the_end, ranges_of, to_before_end

OPEN = (1 << 63) - 1  # the end of an open slice in an exported program


@from_torch("aten.slice")
def aten_slice(
    net: Builder, input: Value, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Value:
    ranges = [(0, size, 1) for size in input.shape]
    along = slice(start, None if end is not None and end >= OPEN else end, step)
    ranges[dim % len(ranges)] = along.indices(input.shape[dim])
    fixed, from_end = (
        {dim % len(ranges)} if axes((input.shape[dim],), along) else set() for axes in (from_the_end, to_before_end)
    )
    return select(net, input, ranges, fixed, from_end)


MASKS = ("begin_mask", "end_mask", "shrink_axis_mask", "new_axis_mask", "ellipsis_mask")


@from_ir("Slice", "StridedSlice")
def ir_slice(net: Builder, node: IrOperator, input: Value) -> Value:
    """TensorFlow's strided slice: bit d of a mask is about the d-th entry of the index.

    Without strides it is tf.slice, where an end before its begin means all the rest.
    """
    shape = node.shape(input)
    starts, ends = node.integers("starts"), node.integers("ends")
    steps = node.integers("strides", [1] * len(starts))
    if not len(starts) == len(ends) == len(steps) <= len(shape) + 8:
        raise Refused(f"Slice from {starts} to {ends} by {steps}", "give as many starts as ends")
    masks = {key: node.integer(key, 0) for key in MASKS}
    if "strides" not in node:
        ends = [size if end == start - 1 else end for start, end, size in zip(starts, ends, shape, strict=False)]
    index: list[Any] = []
    for d, (start, end, step) in enumerate(zip(starts, ends, steps, strict=True)):
        begin_open, end_open, shrinks, new, rest = (masks[key] >> d & 1 for key in MASKS)
        if rest:
            index.append(Ellipsis)
        elif new:
            index.append(None)
        else:
            index.append(start if shrinks else slice(None if begin_open else start, None if end_open else end, step))
    ranges, result = ranges_of(shape, tuple(index))
    _check(node, shape, ranges, result, index)
    return node.reshaped(select(net, input, [ranges[node.node_axis(input, a)] for a in range(len(shape))]), result)


def _check(node: IrOperator, shape: Sequence[int], ranges: Sequence[Range], result: Sequence[int], index: Any) -> None:
    """Refuses a slice that goes backwards, and a file whose shape shows that it lost its shrink_axis_mask."""
    if any(step < 1 or not 0 <= begin < end <= size for (begin, end, step), size in zip(ranges, shape, strict=True)):
        raise Refused(f"Slice of {list(shape)} by {index}", "slice forwards, and select at least one position")
    wanted = node.output_shape()
    if wanted is not None and len(wanted) != len(result):
        what = f"Slice gives {len(result)} axes, but the file gives {len(wanted)}: its shrink_axis_mask was lost"
        raise Refused(what, "regenerate the IR with a converter that writes it, or set shrink_axis_mask")
