"""A tensor whose parts were written one after the other, put together from what was written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ..elementwise.power import Power
from ..shape.concat import Concat
from ..shape.expand import expand_to
from ..shape.reshape import reshape_to
from ..shape.slice import slice_at
from .strided import Origins, Region, Scattered, Strided, grid, origins
from .strided_slice import select
from .strided_view import StridedView, strided_view
from .subscript import Range

MOST_PARTS = 1 << 10
MANY_PARTS = 16  # beyond it the axes are split, which costs reshapes, to need fewer


@dataclass(frozen=True)
class Filled:
    """A source that contains one number. under: what was there before, and where, to copy the shape of parts from."""

    number: float
    under: Value | None = None
    where: Strided | None = None


Content = Value | np.ndarray | Filled


@dataclass(eq=False)
class Part:
    """A box of the result: a view of a value, with all its numbers replaced by `fill`; or an array."""

    value: Value | None
    view: StridedView | np.ndarray
    fill: float | None = None


@dataclass(eq=False)
class Join:
    """Parts one after the other along an axis."""

    axis: int
    parts: list[Part | Join]


def overlay(
    net: Builder,
    tensor: Strided,
    sources: Sequence[Region],
    contents: Sequence[Content],
    most: int = MOST_PARTS,
) -> Operand:
    """The contents of `tensor`: each number from the last of the sources that has its position.

    contents: of each source; a value or array has the shape of its sizes. They are cut by slices and joined by Concat,
    so that nothing is computed: inf and NaN stay where they are. An array if no value is read.

    Raises Refused, before a layer is added, if more than `most` parts would be joined. Each number must have a source.
    """
    sizes = tuple(1 if stride == 0 else size for size, stride in zip(tensor.sizes, tensor.strides, strict=True))
    once = Strided(tensor.offset, sizes, tensor.strides)  # without the copies of an expanded axis
    plan, shape = _fewest_parts(once, sources, contents, most)
    if plan is None:
        raise Refused(f"a tensor written in more than {most} separate parts", "write it in fewer, larger parts")
    made = _Emitter(net, list(_parts_of(plan))).emit(plan)
    if shape != sizes:
        made = reshape_to(net, made, sizes, "joined")
    result: Operand = expand_to(net, made, tensor.sizes)
    return result


def _fewest_parts(
    tensor: Strided, sources: Sequence[Region], contents: Sequence[Content], most: int
) -> tuple[Part | Join | None, Shape]:
    """The plan, and the shape it gives: that of the tensor, or with axes split where that needs far fewer parts."""
    best: tuple[int, Part | Join | None, Shape] = (most + 1, None, ())
    for shaped in _with_axes_split(tensor, sources):
        where = origins(shaped, sources)
        plan = _Planner(where, shaped.sizes, sources, contents, most).plan(where.source, where.position)
        count = sum(1 for _ in _parts_of(plan)) if plan is not None else most + 1
        if count < best[0] and (best[1] is None or count * 2 < best[0]):
            best = count, plan, shaped.sizes
        if best[0] <= MANY_PARTS:
            break
    return best[1], best[2]


def _with_axes_split(tensor: Strided, sources: Sequence[Region]) -> Iterator[Strided]:
    """The tensor; then with its axes split at the strides of the sources."""
    yield tensor
    views = [each for each in sources if isinstance(each, Strided)]
    found = {s for each in views for n, s in zip(each.sizes, each.strides, strict=True) if n > 1}
    found |= {n * s for each in views for n, s in zip(each.sizes, each.strides, strict=True)}
    sizes, strides = [], []
    for size, stride in zip(tensor.sizes, tensor.strides, strict=True):
        for cut in sorted(
            (s for s in found if stride and stride < s < stride * size and s % stride == 0), reverse=True
        ):
            if stride * size % cut == 0:
                sizes.append(stride * size // cut)
                strides.append(cut)
                size = cut // stride
        sizes.append(size)
        strides.append(stride)
    if len(sizes) > len(tensor.sizes):
        yield Strided(tensor.offset, tuple(sizes), tuple(strides))


# -- which part of which source


class _Planner:
    """Cuts a tensor of shape `sizes` into parts, each with one source."""

    def __init__(
        self,
        where: Origins,
        sizes: Shape,
        sources: Sequence[Region],
        contents: Sequence[Content],
        most: int,
    ) -> None:
        self._block = where.block
        self._joined = sizes[where.source.ndim :]  # the axes that a block has
        self._sources = sources
        self._contents = contents
        self._positions: dict[int, np.ndarray] = {}
        self._left = most

    def plan(self, source: np.ndarray, position: np.ndarray) -> Part | Join | None:
        """The parts of a box; None if there are too many."""
        part = self._part(source, position)
        if part is not None:
            self._left -= 1
            return part
        axis, points = _cuts(source)
        parts: list[Part | Join] = []
        for begin, end in zip([0, *points], [*points, source.shape[axis]], strict=True):
            box = (slice(None),) * axis + (slice(begin, end),)
            inner = self.plan(source[box], position[box]) if self._left > 0 else None
            if inner is None:
                return None
            parts.append(inner)
        return Join(axis, parts)

    def _part(self, source: np.ndarray, position: np.ndarray) -> Part | None:
        """The box as a part of one source; None if it has several, or is not a view of its source."""
        first = (0,) * source.ndim
        strides = _strides(position) if np.all(source == source[first]) else None
        if strides is None:
            return None
        number, offset = int(source[first]), int(position[first]) * self._block
        shape = (*source.shape, *self._joined)
        inner = [prod(self._joined[axis + 1 :]) for axis in range(len(self._joined))]
        return self._view(number, offset, shape, [*(stride * self._block for stride in strides), *inner])

    def _view(self, source: int, offset: int, shape: Shape, strides: Sequence[int]) -> Part | None:
        content = self._contents[source]
        if isinstance(content, Value):
            view = strided_view(content.shape, offset, shape, strides)
            return None if view is None else Part(content, view)
        if isinstance(content, Filled):
            return self._filled(content, self._under(source)[grid(offset, shape, strides)])
        return Part(None, np.ravel(content)[grid(offset, shape, strides)])

    def _under(self, source: int) -> np.ndarray:
        """For each number of a filled source, its position in what was there before."""
        content = self._contents[source]
        if source not in self._positions:
            own = self._sources[source]
            where = content.where if isinstance(content, Filled) else None
            if where is None:
                self._positions[source] = np.zeros(prod(own.sizes), np.int64)
            elif isinstance(own, Scattered):
                self._positions[source] = own.indices_in(where)
            elif isinstance(own, Strided):
                found = origins(own, [where])
                self._positions[source] = (found.position.reshape(-1, 1) * found.block + np.arange(found.block)).ravel()
        return self._positions[source]

    def _filled(self, content: Filled, under: np.ndarray) -> Part:
        strides = _strides(under) if content.under is not None else None
        if strides is not None and content.under is not None:
            view = strided_view(content.under.shape, int(under.flat[0]), under.shape, strides)
            if view is not None:
                return Part(content.under, view, content.number)
        return Part(None, np.full(under.shape, content.number, np.float32))


def _strides(position: np.ndarray) -> list[int] | None:
    """How far apart positions along each axis are; None if not equally far everywhere, or backwards."""
    first = (0,) * position.ndim
    strides = [
        int(position[(*first[:axis], 1, *first[axis + 1 :])] - position[first]) if size > 1 else 0
        for axis, size in enumerate(position.shape)
    ]
    even = min(strides, default=0) >= 0 and np.array_equal(
        grid(int(position[first]), position.shape, strides), position
    )
    return strides if even else None


def _cuts(source: np.ndarray) -> tuple[int, list[int]]:
    """The axis to cut, and where: the fewest cuts that separate different sources, or each position of an axis."""
    axes = [axis for axis, size in enumerate(source.shape) if size > 1]
    best: tuple[int, list[int]] | None = None
    for axis in axes:
        others = tuple(a for a in range(source.ndim) if a != axis)
        points = np.flatnonzero(np.any(np.diff(source, axis=axis) != 0, axis=others)) + 1
        if len(points) and (best is None or len(points) < len(best[1])):
            best = axis, points.tolist()
    return best or (axes[0], list(range(1, source.shape[axes[0]])))


def _parts_of(plan: Part | Join) -> Iterator[Part]:
    if isinstance(plan, Part):
        yield plan
    else:
        for each in plan.parts:
            yield from _parts_of(each)


# -- layers


class _Emitter:
    """Adds the layers of a plan. The parts of one source are cut together, by one Slice where they follow one axis."""

    def __init__(self, net: Builder, parts: Sequence[Part]) -> None:
        self._net = net
        self._cut: dict[Part, Value] = {}
        groups: dict[tuple[Value, Shape], list[tuple[Part, StridedView]]] = {}
        for part in parts:
            if part.value is not None and isinstance(part.view, StridedView):
                groups.setdefault((part.value, part.view.split), []).append((part, part.view))
        for (value, split), group in groups.items():
            cut = cut_to(net, reshape_to(net, value, split, "split"), [view.ranges for _, view in group])
            self._cut.update(zip((part for part, _ in group), cut, strict=True))

    def emit(self, plan: Part | Join) -> Operand:
        """The value, or array, of a plan."""
        if isinstance(plan, Part):
            if isinstance(plan.view, np.ndarray):
                return plan.view
            cut = self._cut[plan]
            if plan.fill is None:
                return plan.view.arranged(self._net, cut)
            if not self._net.bounds.is_finite(cut):  # other consumers than Caffe multiply by 0
                return np.full(plan.view.shape, plan.fill, np.float32)
            return plan.view.arranged(self._net, self._net.add(Power(scale=0.0, shift=plan.fill), cut, name="fill"))
        parts = [self.emit(each) for each in plan.parts]
        arrays = [part for part in parts if isinstance(part, np.ndarray)]
        if len(arrays) == len(parts):
            return np.concatenate(arrays, plan.axis)
        joined: Value = self._net.add(Concat(plan.axis), *parts, name="joined")
        return joined


def cut_to(net: Builder, x: Value, wanted: Sequence[tuple[Range, ...]]) -> list[Value]:
    """x cut to each of the boxes `wanted`, a range per axis each; boxes that follow one axis by one Slice."""
    if len(wanted) == 1:
        return [select(net, x, wanted[0])]
    for axis, size in enumerate(x.shape):
        runs = sorted({ranges[axis] for ranges in wanted})
        if runs == [(0, size, 1)]:
            continue
        if any(
            step != 1 or begin < last for (begin, _, step), (_, last, _) in zip(runs, [(0, 0, 1), *runs], strict=False)
        ):
            break
        points = sorted({point for begin, end, _ in runs for point in (begin, end)} - {0, size})
        starts = dict(zip([0, *points], slice_at(net, x, axis, points, "part"), strict=True))
        results: dict[int, Value] = {}
        for run in runs:
            chosen = [i for i, ranges in enumerate(wanted) if ranges[axis] == run]
            rest = [(*wanted[i][:axis], (0, run[1] - run[0], 1), *wanted[i][axis + 1 :]) for i in chosen]
            results.update(zip(chosen, cut_to(net, starts[run[0]], rest), strict=True))
        return [results[i] for i in range(len(wanted))]
    return [select(net, x, ranges) for ranges in wanted]
