"""Parts of one value that together are all of it."""

from __future__ import annotations

from ..graph.graph import Graph, Node, Value
from ..layers.indexing.strided_slice import StridedSlice
from ..layers.shape.slice import MOST_PARTS, Slice

Range = tuple[int, int]


def join_slices(graph: Graph) -> None:
    """Makes parts of one value one Slice, where they are neighbours along one axis and leave nothing out.

    before: x -> StridedSlice(:, 0:2) -> a; x -> StridedSlice(:, 2:6) -> b
    after:  x -> Slice(axis 1, at 2) -> a, b
    """
    parts: dict[tuple[Value, int], dict[Range, Node]] = {}
    for node in graph.nodes:
        found = _part(node)
        if found is not None:
            axis, cut = found
            parts.setdefault((node.inputs[0], axis), {}).setdefault(cut, node)
    removed: set[Node] = set()
    for (x, axis), pieces in parts.items():
        cuts = sorted(pieces)
        edges = [0, *(end for _, end in cuts)]
        if 1 < len(cuts) <= MOST_PARTS and edges[-1] == x.shape[axis] and [begin for begin, _ in cuts] == edges[:-1]:
            nodes = [pieces[cut] for cut in cuts]
            first = min(nodes, key=graph.nodes.index)
            removed.update(nodes)
            first.layer, outputs = Slice(axis, tuple(edges[1:-1])), [node.outputs[0] for node in nodes]
            removed.discard(first)
            for node in nodes:
                node.outputs = []
            first.outputs = outputs
    graph.nodes[:] = [node for node in graph.nodes if node not in removed]


def _part(node: Node) -> tuple[int, Range] | None:
    """The axis that a node cuts, if it cuts one alone, and the positions that it keeps."""
    layer = node.layer
    if not isinstance(layer, StridedSlice) or set(layer.step) != {1}:
        return None
    shape = node.inputs[0].shape
    ranges = list(zip(layer.begin, layer.end, strict=True))
    cut = [axis for axis, size in enumerate(shape) if ranges[axis] != (0, size)]
    return (cut[0], ranges[cut[0]]) if len(cut) == 1 else None
