"""Parts of parts, as programs cut several axes one after the other."""

from __future__ import annotations

from ..graph.graph import Graph
from ..layers.indexing.strided_slice import StridedSlice
from .pairs import pairs


def merge_slices(graph: Graph) -> None:
    """Makes a part of a part, of which nothing else is read, one part.

    before: x -> StridedSlice(:, 2:6) -> StridedSlice(:, ::2, 1:3) -> y
    after:  x -> StridedSlice(:, 2:6:2, 1:3) -> y
    """
    removed = set()
    for first, second in pairs(graph):
        if not (isinstance(first.layer, StridedSlice) and isinstance(second.layer, StridedSlice)):
            continue
        outer, inner = (
            [range(*ends) for ends in zip(layer.begin, layer.end, layer.step, strict=True)]
            for layer in (first.layer, second.layer)
        )
        columns = zip(*map(_part, outer, inner), strict=True)
        x = first.inputs[0]
        x.fixed |= first.outputs[0].fixed
        second.layer, second.inputs = StridedSlice(*(tuple(column) for column in columns)), [x]
        removed.add(first)
    graph.nodes[:] = [node for node in graph.nodes if node not in removed]


def _part(whole: range, part: range) -> tuple[int, int, int]:
    """Begin, end and step of a part of a range."""
    found = whole[part.start : part.stop : part.step]
    return found.start, min(found.stop, whole.stop), found.step
