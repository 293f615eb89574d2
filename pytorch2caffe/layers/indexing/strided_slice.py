"""StridedSlice: every step-th position of a part."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, along
from ...graph.builder import Builder
from ...graph.graph import Shape, Value, fix_axes
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer
from ..convolution.convolution import Convolution
from ..shape.ends import all_but
from ..shape.reshape import reshape_to
from .cut import crop


@layer("StridedSlice")
class StridedSlice(Layer):
    """Every step-th position from begin up to end, per axis; steps are positive.

    from_end: axes of [N, C, H, W] whose end is counted from the end of the axis; the numbers are those for this size.
    """

    moves_data = True

    begin: tuple[int, ...]
    end: tuple[int, ...]
    step: tuple[int, ...]
    from_end: tuple[int, ...] = ()

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        parts = []
        for size, begin, end, step in zip(shapes[0], self.begin, self.end, self.step, strict=True):
            whole = (begin, end, step) == (0, size, 1)
            parts.append(":" if whole else f"{begin}:{end}" + (f":{step}" if step != 1 else ""))
        return Source(expr=f"{{0}}[{', '.join(parts)}]")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        shape = shapes[0]
        cut = [i for i, size in enumerate(shape) if (self.begin[i], self.end[i]) != (0, size)]
        if set(self.step) != {1} or not cut:
            raise Refused("ncnn's Crop has no steps")
        dims, axes = along(shape, *cut)
        if len(axes) < len(cut):
            raise Refused("axes that are cut cannot be joined")
        begin, end = (tuple(of[i] for i in cut) for of in (self.begin, self.end))
        gives = list(dims)
        for axis, first, last in zip(axes, begin, end, strict=True):
            gives[axis] = last - first
        return Ncnn("Crop", {9: begin, 10: end, 11: axes}, (), (dims,), (tuple(gives),))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        (x,) = inputs
        if self.from_end:
            return self._from_end(net, x)
        steps = [axis for axis, step in enumerate(self.step) if step > 1]
        sizes = [len(range(*s)) for s in zip(self.begin, self.end, self.step, strict=True)]
        begin, end = list(self.begin), list(self.end)
        for axis in steps:
            if end[axis] != x.shape[axis]:
                end[axis] = begin[axis] + (sizes[axis] - 1) * self.step[axis] + 1
        if steps and len(x.shape) == 4 and all(axis >= 2 for axis in steps):
            if self._to_the_end(x.shape):
                return every(net, x, self.step[2:], self.begin[2:])
            x = crop(net, x, {axis: (begin[axis], end[axis]) for axis in range(4)}, any_size=True)
            return every(net, x, self.step[2:])
        x = crop(net, x, {axis: (begin[axis], end[axis]) for axis in range(len(x.shape))}, any_size=True)
        for axis in steps:
            x = _every_of_axis(net, x, axis, self.step[axis])
        return x

    def _from_end(self, net: Lowering, x: Value) -> Value:
        """Without from_end: in layers that fit every size if that is wanted, else right for this size only."""
        begin, end = list(self.begin), list(self.end)
        fix_axes(x, set() if net.any_size else set(self.from_end))
        for axis in self.from_end if net.any_size else ():
            x = all_but(net, x, axis, begin[axis], x.shape[axis] - end[axis])
            begin[axis], end[axis] = 0, x.shape[axis]
        if all(r == (0, size, 1) for *r, size in zip(begin, end, self.step, x.shape, strict=True)):
            return x
        return net.add(StridedSlice(tuple(begin), tuple(end), self.step), x)

    def _to_the_end(self, shape: Shape) -> bool:
        """Whether it takes every step-th row and column from the first few on, to the end, of all channels."""
        counts = [len(range(*r)) for r in zip(self.begin, self.end, self.step, strict=True)]
        all_of = [len(range(*r)) for r in zip(self.begin, shape, self.step, strict=True)]
        first = self.begin[:2] == (0, 0) and all(self.begin[axis] < self.step[axis] for axis in (2, 3))
        return counts == all_of and first

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        return net.cut(inputs[0], dict(enumerate(zip(self.begin, self.end, self.step, strict=True))))


def every(net: Builder, x: Value, step: Sequence[int], begin: Sequence[int] = (0, 0)) -> Value:
    """Every step-th row and column of [N, C, H, W] from `begin` on: a depthwise convolution with one weight, 1."""
    channels, kernel = x.shape[1], (begin[0] + 1, begin[1] + 1)
    weight = np.zeros((channels, 1, *kernel), np.float32)
    weight[:, :, -1, -1] = 1
    picking = Convolution(channels, kernel, tuple(step), group=channels, bias_term=False)
    return net.add(picking, x, blobs=[weight], name="every")


def _every_of_axis(net: Builder, x: Value, axis: int, step: int) -> Value:
    shape = x.shape
    flat = (1, int(np.prod(shape[:axis])), shape[axis], int(np.prod(shape[axis + 1 :])))
    y = every(net, reshape_to(net, x, flat, "flat"), (step, 1))
    return reshape_to(net, y, (*shape[:axis], y.shape[2], *shape[axis + 1 :]), "every")


def select(
    net: Builder,
    x: Value,
    ranges: Sequence[tuple[int, int, int]],
    fixed: Collection[int] | None = None,
    from_end: Collection[int] = (),
) -> Value:
    """The part of x that `ranges` (begin, end, step) select, an axis each: a StridedSlice, or x itself.

    fixed: the axes along which it is right for this size of x only, None: all that are cut. Along the others, an end
    within the axis stays where it is if the axis gets longer, and one at its end moves with it.
    from_end: those of them whose end alone is counted from the end of the axis.
    """
    cut = {axis for axis, (r, size) in enumerate(zip(ranges, x.shape, strict=True)) if r != (0, size, 1)}
    if not cut:
        return x
    free = {axis for axis in cut.intersection(from_end) if len(x.shape) == 4 and axis >= 2}
    if any(step > 1 for *_, step in ranges):
        free = set()
    fix_axes(x, (cut if fixed is None else cut.intersection(fixed)) - free)
    begin, end, step = (tuple(column) for column in zip(*ranges, strict=True))
    return net.add(StridedSlice(begin, end, step, tuple(sorted(free))), x)
