"""A part of a tensor given by offset and strides, as slices, a transposition and shapes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to
from .subscript import Range


@dataclass(frozen=True)
class StridedView:
    """How a part is taken from a tensor: its axes split to `split`, cut to `ranges`, put in `order`, and reshaped."""

    split: Shape
    ranges: tuple[Range, ...]
    order: tuple[int, ...]
    shape: Shape

    def arranged(self, net: Builder, cut: Value) -> Value:
        """The part, from the tensor that is split and cut already."""
        if self.order != tuple(sorted(self.order)):
            others = sorted(set(range(len(cut.shape))) - set(self.order))  # one position each
            cut = permute_to(net, cut, (*others, *self.order))
        result: Value = reshape_to(net, cut, self.shape, "part")
        return result


def strided_view(have: Shape, offset: int, sizes: Sequence[int], strides: Sequence[int]) -> StridedView | None:
    """How to take x.as_strided(sizes, strides, offset) from a contiguous x of shape `have`; None if it is not a box.

    >>> strided_view((2, 6), 2, (2, 2), (6, 2))  # x[:, 2::2]
    StridedView(split=(2, 6), ranges=((0, 2, 1), (2, 5, 2)), order=(0, 1), shape=(2, 2))
    """
    axes = [(n, s) for n, s in zip(sizes, strides, strict=True) if n > 1]
    for split in _splits(have, [s for _, s in axes]):
        view = _box(split, offset, axes, tuple(sizes))
        if view is not None:
            return view
    return None


def _splits(have: Shape, strides: Sequence[int]) -> Iterator[Shape]:
    """The shape itself; then with axes split where strides begin within them; then as one axis."""
    yield have
    split: list[int] = []
    inner = prod(have)
    for size in have:
        inner //= size
        cuts = sorted({s // inner for s in strides if inner < s < inner * size and s % inner == 0}, reverse=True)
        for cut in (c for c in cuts if size % c == 0):
            split.append(size // cut)
            size = cut
        split.append(size)
    if tuple(split) != have:
        yield tuple(split)
    if len(have) > 1:
        yield (prod(have),)


def _box(split: Shape, offset: int, axes: Sequence[tuple[int, int]], shape: Shape) -> StridedView | None:
    """The view of a tensor of shape `split` if every axis (size, stride) of it runs along axes of its own."""
    radix = [prod(split[axis + 1 :]) for axis in range(len(split))]
    begin = [offset // inner % size for inner, size in zip(radix, split, strict=True)]
    ranges = [(b, b + 1, 1) for b in begin]
    order: list[int] = []
    for axis in _joined(axes):
        along = _along(split, radix, begin, *axis)
        if along is None or set(along) & set(order):
            return None
        for own, run in along.items():
            ranges[own] = run
        order += along
    return StridedView(split, tuple(ranges), tuple(order), shape)


def _joined(axes: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The axes, with each that continues the next joined to it."""
    joined: list[tuple[int, int]] = []
    for size, stride in axes:
        if joined and joined[-1][1] == size * stride:
            joined[-1] = (joined[-1][0] * size, stride)
        else:
            joined.append((size, stride))
    return joined


def _along(split: Shape, radix: Sequence[int], begin: Sequence[int], size: int, stride: int) -> dict[int, Range] | None:
    """The ranges that `size` steps of `stride` run through, an axis each, the outermost first; None if not a box."""
    found: dict[int, Range] = {}
    while size > 1:
        axis = next((a for a, inner in enumerate(radix) if inner <= stride and split[a] > 1), None)
        if axis is None or stride % radix[axis]:
            return None
        step, left = stride // radix[axis], split[axis] - begin[axis]
        if step * (size - 1) < left:
            found[axis] = (begin[axis], begin[axis] + step * (size - 1) + 1, step)
            break
        if step > 1 or begin[axis] or size % split[axis]:
            return None
        found[axis] = (0, split[axis], 1)
        size, stride = size // split[axis], radix[axis] * split[axis]
    return dict(reversed(found.items()))
