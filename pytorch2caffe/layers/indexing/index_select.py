"""IndexSelect: positions along an axis, in any order: x.index_select(1, index), x[:, [3, 0, 2]]."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value, fix_axes
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, from_torch, layer
from ..linear.linear_map import LinearMap, linear_map
from ..resize.shuffle_channel import ShuffleChannel
from ..shape.concat import Concat
from ..shape.slice import MOST_PARTS, slice_at

FEW_RUNS = 4
MOST_SELECTING = 1 << 14  # numbers of a matrix, 64 kB: beyond that a Slice and a Concat cost less


@layer("IndexSelect")
class IndexSelect(Layer):
    """The positions along `axis` that its blob [count] lists."""

    moves_data = True

    axis: int
    count: int

    def blob_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        return [(self.count,)]

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr=f"{{0}}.index_select({self.axis}, {{index}}.long())", state={"index": blobs[0]}, fixed=True)

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """The form that costs least, in layers and then in bytes.

        Channels interleaved: ShuffleChannel. Others: a matrix of 0 and 1, one layer that every target has, as long as
        it has at most 64 kB; beyond that one Slice into up to 4,096 runs of neighbours and one Concat, which have no
        weights.
        """
        (x,), positions = inputs, [int(index) for index in blobs[0]]
        size = x.shape[self.axis]
        pieces = _pieces(_runs(positions))
        if self.axis == 1 and (group := _interleaved(positions, size)):
            return net.add(ShuffleChannel(group), x)
        if size * len(positions) > MOST_SELECTING and len(pieces) <= MOST_PARTS:
            return _slice_and_concat(net, x, self.axis, pieces)
        return linear_map(net, x, self.axis, _selection(size, positions))

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        matrix = _selection(inputs[0].shape[self.axis], blobs[0].astype(int))
        return LinearMap(self.axis, self.count).to_ir(net, inputs, [matrix])


def select_indices(net: Builder, x: Value, axis: int, indices: Iterable[int], *, any_size: bool = False) -> Value:
    """x at the positions `indices` along an axis: up to four runs as a Slice and a Concat, else an IndexSelect.

    any_size: the positions are right if the axis has another size too; one run that ends with it ends with it then.
    """
    if not x.shape:
        return x
    axis %= len(x.shape)
    positions = [int(i) % x.shape[axis] for i in indices]
    runs = _runs(positions)
    if runs == [(0, x.shape[axis])]:
        return x
    if not any_size:
        fix_axes(x, {axis})
    if len(runs) <= FEW_RUNS:
        return _slice_and_concat(net, x, axis, _pieces(runs))
    return net.add(IndexSelect(axis, len(positions)), x, blobs=[np.array(positions, np.float32)])


@from_torch("torch.index_select", "torch.Tensor.index_select")
def index_select(net: Builder, input: Operand, dim: int, index: Operand) -> Value:
    if isinstance(index, Value) or not isinstance(input, Value):
        raise Refused("index_select with an index that depends on the input", "use a constant index")
    positions = np.ravel(index)
    any_size = bool(input.shape) and all(0 <= p < input.shape[dim] - 1 for p in positions)
    return select_indices(net, input, dim, positions, any_size=any_size)


def _selection(size: int, positions: Sequence[int] | np.ndarray) -> np.ndarray:
    """The matrix [positions, size] of 0 and 1 that selects."""
    return np.eye(size, dtype=np.float32)[positions]


def _runs(positions: Sequence[int]) -> list[tuple[int, int]]:
    """The runs of neighbours, as (begin, end)."""
    runs = [(positions[0], positions[0] + 1)]
    for index in positions[1:]:
        if index == runs[-1][1]:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs


def _pieces(runs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The runs, cut where another run begins or ends."""
    cuts = np.unique(np.ravel(runs))
    edges = [cuts[np.searchsorted(cuts, begin) : np.searchsorted(cuts, end) + 1].tolist() for begin, end in runs]
    return [pair for run in edges for pair in zip(run, run[1:], strict=False)]


def _slice_and_concat(net: Builder, x: Value, axis: int, pieces: Sequence[tuple[int, int]]) -> Value:
    points = sorted({point for piece in pieces for point in piece if 0 < point < x.shape[axis]})
    parts = dict(zip([0, *points], slice_at(net, x, axis, points, "slice", any_size=True), strict=True))
    chosen = [parts[begin] for begin, _ in pieces]
    return net.add(Concat(axis), *chosen) if len(chosen) > 1 else chosen[0]


def _interleaved(positions: Sequence[int], size: int) -> int:
    """The number of groups of a channel shuffle that gives these positions; 0 if none does."""
    step = positions[1] - positions[0]
    if step < 2 or size % step or len(positions) != size:
        return 0
    shuffled = np.arange(size).reshape(size // step, step).T.ravel()
    return size // step if np.array_equal(shuffled, positions) else 0
