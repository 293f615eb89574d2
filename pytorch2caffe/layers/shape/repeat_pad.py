"""RepeatPad: an axis padded with its own numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer
from ..indexing.index_select import select_indices
from .concat import Concat
from .ends import MOST_ROWS, last_rows
from .slice import slice_at


@layer("RepeatPad")
class RepeatPad(Layer):
    """`before` and `after` positions added to an axis of [N, C, H, W], as numpy.pad does it in `mode`.

    mode: reflect, edge, wrap, symmetric.
    """

    moves_data = True

    axis: int
    before: int
    after: int
    mode: str

    def positions(self, size: int) -> np.ndarray:
        """The position in the input, of this size, for each of the output."""
        return np.pad(np.arange(size), (self.before, self.after), mode=self.mode)  # type: ignore[call-overload]

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        index = self.positions(shapes[0][self.axis]).astype(np.float32)
        return Source(expr=f"{{0}}.index_select({self.axis}, {{index}}.long())", state={"index": index}, fixed=True)

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        (x,) = inputs
        positions = self.positions(x.shape[self.axis])
        if not net.any_size:
            return select_indices(net, x, self.axis, positions)
        size, middle = x.shape[self.axis], x.shape[self.axis] // 2
        added = [*positions[: self.before], *positions[self.before + size :]]
        most = 1 + max(p if p < middle else size - 1 - p for p in added)
        ends = [size - 1 - p for p in added if p >= middle]
        parts = slice_at(net, x, self.axis, range(1, most + 1), "slice", any_size=True)
        count = 1 + max(ends, default=0)
        last = last_rows(net, x, self.axis, count, count - min(ends), parts) if ends else []
        rows = [parts[p] if p < middle else last[p - size + count] for p in added]
        return net.add(Concat(self.axis), *rows[: self.before], x, *rows[self.before :])


def repeat_pad(net: Builder, x: Value, axis: int, before: int, after: int, mode: str) -> Value:
    """x padded along an axis with its own numbers: one layer if what fits every size may be wanted."""
    padding = RepeatPad(axis, before, after, mode)
    few = 2 * (max(before, after) + 1) <= min(2 * MOST_ROWS, x.shape[axis])
    if len(x.shape) == 4 and axis >= 2 and few and (after or mode == "wrap"):
        return net.add(padding, x)
    return select_indices(net, x, axis, padding.positions(x.shape[axis]), any_size=after == 0 and mode != "wrap")
