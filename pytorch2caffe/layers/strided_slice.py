"""Indexing: x[:, 2:5], x[..., ::2], x[0], x[:, None]."""

from __future__ import annotations

import numpy as np

from ..errors import Refused
from ..graph import Value
from ..ncnn import Ncnn, along
from ..registry import Layer, Source, from_ir, from_torch, layer
from .convolution import Convolution
from .reshape import reshape_to
from .slice import slice_at

DATA_SHAPED = "index with numbers; multiply with a mask, or use torch.where(mask, a, b)"


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

    def to_ncnn(self, shapes, blobs):
        shape = shapes[0]
        cut = [i for i, size in enumerate(shape) if (self.begin[i], self.end[i]) != (0, size)]
        if set(self.step) != {1} or not cut:
            raise Refused("ncnn's Crop takes every position")
        dims, axes = along(shape, *cut)
        if len(axes) < len(cut):
            raise Refused("axes that are cut cannot be joined")
        begin, end = (tuple(of[i] for i in cut) for of in (self.begin, self.end))
        gives = list(dims)
        for axis, first, last in zip(axes, begin, end, strict=True):
            gives[axis] = last - first
        return Ncnn("Crop", {9: begin, 10: end, 11: axes}, (), (dims,), (tuple(gives),))

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

    def to_ir(self, net, inputs, blobs):
        return net.cut(inputs[0], dict(enumerate(zip(self.begin, self.end, self.step, strict=True))))


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
        if isinstance(item, Value):
            raise Refused("an index or mask that depends on the input", DATA_SHAPED)
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
    """One StridedSlice and, for integers and None, one Reshape; arrays choose positions one by one."""
    if not isinstance(input, Value):
        raise Refused("an index that depends on the input", "index with numbers")
    from .index import items_of, take

    parts, arrays = items_of(index)
    if arrays:
        return take(net, input, parts)
    ranges, shape = ranges_of(input.shape, tuple(parts))
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


@from_ir("Slice", "StridedSlice")
def ir_slice(net, node, input):
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


def _check(node, shape, ranges, left, index):
    """Refuses what goes backwards, and a file whose own shape shows that it lost the masks of axes that go."""
    if any(step < 1 or not 0 <= begin < end <= size for (begin, end, step), size in zip(ranges, shape, strict=True)):
        raise Refused(f"Slice of {list(shape)} by {index}", "slice forwards, and leave something")
    wanted = node.output_shape()
    if wanted is not None and len(wanted) != len(left):
        what = f"Slice gives {len(left)} axes, and the file says {len(wanted)}: its shrink_axis_mask was lost"
        raise Refused(what, "make the IR anew with a converter that keeps it, or set shrink_axis_mask")


@from_ir("Crop")
def ir_crop(net, node, input, like=None):
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
