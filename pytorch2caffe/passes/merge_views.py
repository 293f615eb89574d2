"""Chains of Reshape, Permute and slices."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from ..graph.graph import Graph, Node, Shape, Value
from ..graph.registry import Layer
from ..layers.shape.permute import Permute
from ..layers.shape.reshape import Reshape, with_batch_copied
from ..layers.shape.slice import Slice
from .drop_unused import drop_unused
from .strided_view import Cut, View, sizes_in_memory, views_of, whole


def merge_views(graph: Graph) -> None:
    """Merges chains of Reshape, Permute and slices where a shorter one gives the same.

    before: x[2, 5, 12] -> Reshape[2, 5, 3, 4] -> Permute(2, 0, 1, 3) -> StridedSlice [0], [1] and [2] -> q, k, v
    after:  x[2, 5, 12] -> Slice(axis 2, slice_point 4 and 8) -> Reshape -> q, k, v

    Permutes that cancel are dropped, also those with Reshapes between them; two become one; parts of one value are
    cut by one Slice, without a rest that nothing reads. Not changed: chains that would not get shorter.
    """
    views, ends = _views(graph)
    rewriting = _Rewriting(graph, {value: views[value] for value in ends})
    graph.nodes[:] = [new for node in graph.nodes for new in rewriting.of(node)]
    drop_unused(graph)


def _views(graph: Graph) -> tuple[dict[Value, View], list[Value]]:
    """What is a view of another value; and those that something else than a view reads."""
    views: dict[Value, View] = {}
    through: set[Node] = set()
    for node in graph.nodes:
        if len(node.inputs) == 1:
            before = views.get(node.inputs[0]) or whole(node.inputs[0])
            found = dict(zip(node.outputs, views_of(node, before), strict=True))
            views |= {value: view for value, view in found.items() if view is not None}
            through |= {node} if None not in found.values() else set()
    outputs, consumers = set(graph.outputs.values()), graph.consumers()
    read = {value for value in views if any(reader not in through for reader in consumers.get(value, []))}
    return views, [value for value in views if value in outputs or value in read]


@dataclass
class _Pieces:
    """The parts of one axis of a value that are wanted. nodes: what cuts them out; pieces: what it gives."""

    cuts: list[Cut] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    pieces: dict[tuple[int, int], Value] = field(default_factory=dict)

    @property
    def points(self) -> list[int]:
        return sorted({0, self.cuts[0].size, *(cut.start for cut in self.cuts), *(cut.stop for cut in self.cuts)})

    @property
    def overlap(self) -> bool:
        """Whether a part would have to be put together from pieces."""
        return any(cut.start < point < cut.stop for cut in self.cuts for point in self.points)


class _Rewriting:
    """The nodes that give the wanted views."""

    def __init__(self, graph: Graph, wanted: dict[Value, View]) -> None:
        self.views = wanted
        self.names = graph.names()
        self.pieces: dict[tuple[Value, int, int], _Pieces] = defaultdict(_Pieces)
        for view in wanted.values():
            if (cut := view.cut()) is not None and cut.size > 1:
                self.pieces[view.root, cut.size, cut.after].cuts.append(cut)

    def of(self, node: Node) -> list[Node]:
        """What replaces a node: itself where a chain does not get shorter."""
        if len(node.outputs) != 1 or node.outputs[0] not in self.views:
            return [node]
        view = self.views[node.outputs[0]]
        cut = view.cut()
        if cut is not None and cut.size == 1 and view.permutes:
            return self._reshaped(node, view.root)
        if cut is not None and cut.size > 1:
            group = self.pieces[view.root, cut.size, cut.after]
            if not group.overlap and (view.permutes or view.cuts > 1 or len(set(group.cuts)) > 1):
                return self._cut(node, view, cut, group)
        if cut is None and view.permutes > 1 and (order := sizes_in_memory(view)) is not None:
            return self._permuted(node, view.root, *order)
        return [node]

    def _add(self, node: Node, layer: Layer, value: Value, shapes: list[Shape], name: str) -> Node:
        """A layer on the way to a node."""
        name = self.names.unique(f"{node.name}.{name}")
        names = [name] if len(shapes) == 1 else [f"{name}.{index}" for index in range(len(shapes))]
        outputs = [
            Value(self.names.unique(each) if each != name else each, shape)
            for each, shape in zip(names, shapes, strict=True)
        ]
        return Node(name, layer, [value], outputs, (), node.module, node.line)

    def _reshaped(self, node: Node, value: Value) -> list[Node]:
        """The node as a Reshape of `value`."""
        node.layer, node.inputs = Reshape(with_batch_copied(value.shape, node.outputs[0].shape)), [value]
        return [node]

    def _cut(self, node: Node, view: View, cut: Cut, group: _Pieces) -> list[Node]:
        """The node as a Reshape of one piece of a Slice, which the first of a group brings along."""
        new = [] if group.nodes else self._slice(node, view.root, cut, group)
        group.nodes = group.nodes or new
        return [*new, *self._reshaped(node, group.pieces[cut.start, cut.stop])]

    def _slice(self, node: Node, root: Value, cut: Cut, group: _Pieces) -> list[Node]:
        nodes = []
        axis = next((a for a in range(len(root.shape)) if whole(root).axes[a][0] == (cut.size, cut.after)), None)
        value, shape = root, root.shape
        if axis is None:
            axis, lead = (2, root.shape[:1]) if root.shape and cut.before % root.shape[0] == 0 else (1, ())
            before = cut.before // root.shape[0] if lead else cut.before
            shape = (*lead, before, cut.size, cut.after)
            nodes = [self._add(node, Reshape(with_batch_copied(root.shape, shape)), root, [shape], "parts")]
            (value,) = nodes[0].outputs
        edges = list(zip(group.points, group.points[1:], strict=False))
        shapes = [(*shape[:axis], stop - start, *shape[axis + 1 :]) for start, stop in edges]
        nodes.append(self._add(node, Slice(axis, tuple(group.points[1:-1])), value, shapes, "slice"))
        group.pieces = dict(zip(edges, nodes[-1].outputs, strict=True))
        return nodes

    def _permuted(self, node: Node, root: Value, sizes: Shape, order: tuple[int, ...]) -> list[Node]:
        if root.shape[:1] == node.outputs[0].shape[:1] == (1,):  # the batch stays an axis of its own
            sizes, order = (1, *sizes), (0, *(axis + 1 for axis in order))
        first = self._add(node, Reshape(with_batch_copied(root.shape, sizes)), root, [sizes], "parts")
        shape = tuple(sizes[axis] for axis in order)
        moved = self._add(node, Permute(order), first.outputs[0], [shape], "permute")
        return [first, moved, *self._reshaped(node, moved.outputs[0])]
