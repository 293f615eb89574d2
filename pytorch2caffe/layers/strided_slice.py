"""Indexing: x[:, 2:5], x[..., ::2], x[0], x[:, None]."""

from __future__ import annotations

import numpy as np

from ..errors import Refused
from ..graph import Value
from ..registry import Layer, Source, from_torch, layer
from .convolution import Convolution
from .reshape import reshape_to
from .slice import slice_at


@layer("StridedSlice")
class StridedSlice(Layer):
    """Every step-th position from begin up to end, per axis; steps are positive."""

    begin: tuple[int, ...]
    end: tuple[int, ...]
    step: tuple[int, ...]

    def to_torch(self, shapes, blobs):
        parts = []
        for size, begin, end, step in zip(shapes[0], self.begin, self.end, self.step, strict=True):
            whole = (begin, end, step) == (0, size, 1)
            parts.append(":" if whole else f"{begin}:{end}" + (f":{step}" if step != 1 else ""))
        return Source(expr=f"{{0}}[{', '.join(parts)}]")

    def lower(self, net, inputs, blobs):
        (x,) = inputs
        steps = [axis for axis, step in enumerate(self.step) if step > 1]
        sizes = [len(range(*s)) for s in zip(self.begin, self.end, self.step, strict=True)]
        begin, end = list(self.begin), list(self.end)
        for axis in steps:
            end[axis] = begin[axis] + (sizes[axis] - 1) * self.step[axis] + 1
        if steps and len(x.shape) == 4 and all(axis >= 2 for axis in steps):
            x = crop(net, x, {axis: (begin[axis], end[axis]) for axis in range(4)})
            return _every(net, x, self.step[2:])
        x = crop(net, x, {axis: (begin[axis], end[axis]) for axis in range(len(x.shape))})
        for axis in steps:
            x = _every_of_axis(net, x, axis, self.step[axis])
        return x


def crop(net, x, ranges):
    """x with axis a cut to ranges[a] = (begin, end), by Slice layers whose other pieces nobody reads."""
    for axis, (begin, end) in ranges.items():
        points = [point for point in (begin, end) if 0 < point < x.shape[axis]]
        if points:
            x = slice_at(net, x, axis, points, "slice")[1 if begin > 0 else 0]
    return x


def _every(net, x, step):
    """Every step-th row and column: a depthwise convolution with one weight, 1."""
    channels = x.shape[1]
    made = Convolution(channels, (1, 1), tuple(step), group=channels, bias_term=False)
    return net.add(made, x, blobs=[np.ones((channels, 1, 1, 1), np.float32)], name="every")


def _every_of_axis(net, x, axis, step):
    shape = x.shape
    flat = (1, int(np.prod(shape[:axis])), shape[axis], int(np.prod(shape[axis + 1 :])))
    y = _every(net, reshape_to(net, x, flat, "flat"), (step, 1))
    return reshape_to(net, y, (*shape[:axis], y.shape[2], *shape[axis + 1 :]), "every")


def ranges_of(have, index):
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


@from_torch("torch.Tensor.__getitem__")
def getitem(net, input, index):
    """Basic indexing: one StridedSlice and, for integers and None, one Reshape."""
    if not isinstance(input, Value):
        raise Refused("an index that depends on the input", "index with numbers")
    ranges, shape = ranges_of(input.shape, index)
    return reshape_to(net, select(net, input, ranges), shape)


def select(net, x, ranges):
    """A StridedSlice of x, or x itself where it is the whole."""
    if all(r == (0, size, 1) for r, size in zip(ranges, x.shape, strict=True)):
        return x
    return net.add(StridedSlice(*(tuple(column) for column in zip(*ranges, strict=True))), x)


@from_torch("torch.narrow", "torch.Tensor.narrow")
def narrow(net, input, dim, start, length):
    if isinstance(start, Value):
        raise Refused("narrow from a place that depends on the input", "use a number")
    dim %= len(input.shape)
    ranges = [(0, size, 1) for size in input.shape]
    start = int(start) % input.shape[dim]
    ranges[dim] = (start, start + length, 1)
    return select(net, input, ranges)


@from_torch("torch.select", "torch.Tensor.select")
def select_one(net, input, dim, index):
    dim %= len(input.shape)
    y = narrow(net, input, dim, index, 1)
    return reshape_to(net, y, (*y.shape[:dim], *y.shape[dim + 1 :]))


@from_torch("aten.slice")
def aten_slice(net, input, dim=0, start=None, end=None, step=1):
    ranges = [(0, size, 1) for size in input.shape]
    ranges[dim % len(ranges)] = slice(start, end, step).indices(input.shape[dim])
    return select(net, input, ranges)
