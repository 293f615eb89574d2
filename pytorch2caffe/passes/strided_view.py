"""What Reshape, Permute and slices give, as a view: the numbers of another value, by offset and strides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from ..graph.graph import Node, Shape, Value
from ..layers.indexing.strided_slice import StridedSlice
from ..layers.shape.flatten import Flatten
from ..layers.shape.permute import Permute
from ..layers.shape.reshape import Reshape
from ..layers.shape.slice import Slice

Part = tuple[int, int]  # the size and stride of an axis, or of one of the factors of its size


@dataclass(frozen=True)
class Cut:
    """The positions from `start` up to `stop` of an axis: that of `size` in [before, size, after]."""

    before: int
    size: int
    after: int
    start: int
    stop: int


@dataclass(frozen=True)
class View:
    """Numbers of `root`: those of an axis are `stride` apart; an axis may have several parts, the outer first.

    permutes, cuts: how many Permutes and slices are on the way from the root.
    """

    root: Value
    offset: int
    axes: tuple[tuple[Part, ...], ...]
    permutes: int = 0
    cuts: int = 0

    @property
    def parts(self) -> list[Part]:
        """The parts of all axes, in order; neighbours that are one in memory are joined, and those of size 1 left out.

        >>> View(Value("x", ()), 0, (((2, 12),), ((1, 5),), ((3, 4), (4, 1)))).parts
        [(24, 1)]
        """
        joined: list[Part] = []
        for size, stride in (part for axis in self.axes for part in axis if part[0] != 1):
            if joined and joined[-1][1] == size * stride:
                joined[-1] = joined[-1][0] * size, stride
            else:
                joined.append((size, stride))
        return joined

    def cut(self) -> Cut | None:
        """Which part of one axis of the root it is, if it is that without a transposition; the whole has size 1."""
        cut, current, offset = Cut(1, 1, prod(self.root.shape), 0, 1), prod(self.root.shape), self.offset
        for size, stride in self.parts:
            if current % stride or current < size * stride:
                return None
            if (length := current // stride) != size:
                if cut.size > 1:
                    return None
                start = offset // stride
                cut = Cut(prod(self.root.shape) // current, length, stride, start, start + size)
                offset -= start * stride
                if cut.stop > cut.size:
                    return None
            current = stride
        if current > 1 and cut.size == 1:
            return Cut(prod(self.root.shape) // current, current, 1, offset, offset + 1)
        return _along_axis(cut, self.root.shape) if current == 1 and offset == 0 else None


def _along_axis(cut: Cut, shape: Shape) -> Cut:
    """The same cut along an axis of `shape`, if there is one for it.

    >>> _along_axis(Cut(1, 24, 1, 6, 12), (1, 8, 3))
    Cut(before=1, size=8, after=3, start=2, stop=4)
    """
    for axis, size in enumerate(shape):
        before, after = prod(shape[:axis]), prod(shape[axis + 1 :])
        times = after // cut.after
        if before == cut.before and times * size == cut.size and not cut.start % times and not cut.stop % times:
            return Cut(before, size, after, cut.start // times, cut.stop // times)
    return cut


def whole(value: Value) -> View:
    """A value as a view of itself."""
    strides = [prod(value.shape[axis + 1 :]) for axis in range(len(value.shape))]
    return View(value, 0, tuple((part,) for part in zip(value.shape, strides, strict=True)))


def views_of(node: Node, view: View) -> list[View | None]:
    """What the outputs of a node are, as views, if its only input is `view`; None for what is no view."""
    layer, shape = node.layer, node.inputs[0].shape
    if isinstance(layer, (Reshape, Flatten)):
        return [_reshaped(view, node.outputs[0].shape)]
    if isinstance(layer, Permute):
        return [View(view.root, view.offset, tuple(view.axes[a] for a in layer.order), view.permutes + 1, view.cuts)]
    if isinstance(layer, StridedSlice) and set(layer.step) <= {1}:
        part: View | None = view
        for axis, (begin, end) in enumerate(zip(layer.begin, layer.end, strict=True)):
            part = part and _narrowed(part, axis, shape[axis], begin, end)
        return [part]
    if isinstance(layer, Slice) and not layer.parts:
        axis = layer.axis % len(shape)
        edges = [0, *layer.slice_point, shape[axis]]
        return [_narrowed(view, axis, shape[axis], *edge) for edge in zip(edges, edges[1:], strict=False)]
    return [None] * len(node.outputs)


def _reshaped(view: View, shape: Shape) -> View | None:
    left = view.parts[::-1]
    axes = []
    for size in shape:
        axis: list[Part] = []
        while size > 1 and left:
            length, stride = left.pop()
            if size % length == 0:
                axis.append((length, stride))
                size //= length
            elif length % size == 0:
                left.append((length // size, stride))
                axis.append((size, stride * (length // size)))
                size = 1
            else:
                return None
        axes.append(tuple(axis) or ((1, 1),))
    return View(view.root, view.offset, tuple(axes), view.permutes, view.cuts)


def _narrowed(view: View, axis: int, size: int, begin: int, end: int) -> View | None:
    if (begin, end) == (0, size):
        return view
    (outer, stride), *inner = view.axes[axis]
    count = prod(length for length, _ in inner)
    if begin % count or end % count or outer * count != size:
        return None
    part = ((end - begin) // count, stride), *inner
    axes = (*view.axes[:axis], part, *view.axes[axis + 1 :])
    return View(view.root, view.offset + begin // count * stride, axes, view.permutes, view.cuts + 1)


def sizes_in_memory(view: View) -> tuple[Shape, tuple[int, ...]] | None:
    """The shape of the root's numbers and the order of its axes that give the view, if it has all of them."""
    parts = view.parts
    order = sorted(range(len(parts)), key=lambda i: -parts[i][1])
    sizes: Sequence[int] = [parts[i][0] for i in order]
    if view.offset or prod(sizes) != prod(view.root.shape):
        return None
    return tuple(sizes), tuple(order.index(i) for i in range(len(parts)))
