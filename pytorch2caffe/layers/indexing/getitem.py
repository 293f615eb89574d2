"""Indexing: x[:, 2:5], x[..., ::2], x[0], x[:, None]."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import from_ir, from_torch
from ..shape.reshape import reshape_to
from .strided_slice import crop, select

DATA_SHAPED = "index with numbers; multiply with a mask, or use torch.where(mask, a, b)"


def ranges_of(have: Any, index: Any) -> Any:
    """What a basic index selects of a shape: (begin, end, step) per axis, and the shape that is left."""
    rank, items = len(have), list(index) if isinstance(index, tuple) else [index]
    for item in items:
        if not (item is None or item is Ellipsis or isinstance(item, (int, slice)) and not isinstance(item, bool)):
            raise Refused(f"indexing with {type(item).__name__}", "use slices, integers, None or torch.index_select")
    given = sum(item is not None and item is not Ellipsis for item in items)
    if Ellipsis in items:
        place = items.index(Ellipsis)
        items[place : place + 1] = [slice(None)] * (rank - given)
    else:
        items += [slice(None)] * (rank - given)
    ranges, shape = [], []
    for item in items:
        if item is None:
            shape.append(1)
            continue
        size = have[len(ranges)]
        if isinstance(item, slice):
            begin, end, step = item.indices(size)
            ranges.append((begin, end, step))
            shape.append(len(range(begin, end, step)))
        else:
            ranges.append((item % size, item % size + 1, 1))
    return ranges, shape


@from_torch("torch.narrow", "torch.Tensor.narrow")
def narrow(net: Builder, input: Value, dim: int, start: Any, length: Any) -> Any:
    if isinstance(start, Value):
        raise Refused("narrow from a place that depends on the input", "use a number")
    dim %= len(input.shape)
    ranges = [(0, size, 1) for size in input.shape]
    start = int(start) % input.shape[dim]
    ranges[dim] = (start, start + length, 1)
    return select(net, input, ranges)


@from_torch("torch.select", "torch.Tensor.select")
def select_one(net: Builder, input: Value, dim: int, index: Any) -> Any:
    dim %= len(input.shape)
    y = narrow(net, input, dim, index, 1)
    return reshape_to(net, y, (*y.shape[:dim], *y.shape[dim + 1 :]))


@from_torch("aten.slice")
def aten_slice(net: Builder, input: Value, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Any:
    ranges = [(0, size, 1) for size in input.shape]
    ranges[dim % len(ranges)] = slice(start, end, step).indices(input.shape[dim])
    return select(net, input, ranges)


@from_ir("Slice", "StridedSlice")
def ir_slice(net: Builder, node: IrOperator, input: Value) -> Any:
    """TensorFlow's strided slice: bit d of a mask speaks of the d-th position; without strides tf.slice, where an end
    before its begin means the whole rest.
    """
    shape = node.shape(input)
    starts, ends = node.integers("starts"), node.integers("ends")
    steps = node.integers("strides", [1] * len(starts))
    if not len(starts) == len(ends) == len(steps) <= len(shape) + 8:
        raise Refused(f"Slice from {starts} to {ends} by {steps}", "give as many starts as ends")
    masks = {key: node.integer(key, 0) for key in MASKS}
    if "strides" not in node:
        ends = [size if end == start - 1 else end for start, end, size in zip(starts, ends, shape, strict=False)]
    index = []
    for d, (start, end, step) in enumerate(zip(starts, ends, steps, strict=True)):
        begin_open, end_open, shrinks, new, rest = (masks[key] >> d & 1 for key in MASKS)
        if rest:
            index.append(Ellipsis)
        elif new:
            index.append(None)
        else:
            index.append(start if shrinks else slice(None if begin_open else start, None if end_open else end, step))
    ranges, left = ranges_of(shape, tuple(index))
    _check(node, shape, ranges, left, index)
    return node.reshaped(select(net, input, [ranges[node.node_axis(input, a)] for a in range(len(shape))]), left)


MASKS = ("begin_mask", "end_mask", "shrink_axis_mask", "new_axis_mask", "ellipsis_mask")


def _check(node: IrOperator, shape: Sequence[int], ranges: Any, left: Any, index: Any) -> Any:
    """Refuses what goes backwards, and a file whose own shape shows that it lost the masks of axes that go."""
    if any(step < 1 or not 0 <= begin < end <= size for (begin, end, step), size in zip(ranges, shape, strict=True)):
        raise Refused(f"Slice of {list(shape)} by {index}", "slice forwards, and leave something")
    wanted = node.output_shape()
    if wanted is not None and len(wanted) != len(left):
        what = f"Slice gives {len(left)} axes, and the file says {len(wanted)}: its shrink_axis_mask was lost"
        raise Refused(what, "make the IR anew with a converter that keeps it, or set shrink_axis_mask")


@from_ir("Crop")
def ir_crop(net: Builder, node: IrOperator, input: Value, like: Operand | None = None) -> Any:
    """Without `border`: top, bottom, left, right; or, in files of Caffe's, the size of a second input from there on."""
    rank = len(input.shape)
    if like is None:
        border = node.integers("border", count=2 * (rank - 2))
        axes = [node.axis(input, axis) for axis in range(1, rank - 1)]
        pairs = zip(axes, border[::2], border[1::2], strict=True)
        return crop(net, input, {axis: (begin, input.shape[axis] - end) for axis, begin, end in pairs})
    top, left = [*node.integers("border", []), 0, 0][:2]
    rows, columns = like.shape[2:]
    return crop(net, input, {2: (top, top + rows), 3: (left, left + columns)})
