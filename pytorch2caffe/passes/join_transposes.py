"""Transpositions, as the layers of Caffe express them."""

from __future__ import annotations

from ..graph.graph import Graph, Names, Node, Value
from ..layers.shape.concat import Concat
from ..layers.shape.permute import Permute
from ..layers.shape.reshape import Reshape, with_batch_copied
from ..layers.shape.slice import Slice
from .drop_unused import drop_unused


def join_transposes(graph: Graph) -> None:
    """Joins a Slice into parts of size 1 and the Concat of these along another axis into one Permute and a Reshape.

    before: x[N, 3, H, W] -> Slice(axis 1) -> 3 * [N, 1, H, W] -> Concat(axis 3) -> y[N, 1, H, 3 W]
    after:  x -> Permute(0, 2, 1, 3) -> [N, H, 3, W] -> Reshape -> y

    Not changed: parts in another order, or larger ones.
    """
    producers = graph.producers()
    names = graph.names()
    nodes: list[Node] = []
    for node in graph.nodes:
        cut = producers.get(node.inputs[0]) if isinstance(node.layer, Concat) else None
        if cut is not None and _into_single_parts(cut) and cut.outputs == node.inputs:
            nodes += _permute(node, cut, names)
        nodes.append(node)
    graph.nodes[:] = nodes
    drop_unused(graph)


def _into_single_parts(cut: Node) -> bool:
    return isinstance(cut.layer, Slice) and 1 < len(cut.outputs) == cut.inputs[0].shape[cut.layer.axis]


def _permute(node: Node, cut: Node, names: Names) -> list[Node]:
    """A Permute that moves the axis of the parts before that of the Concat, which becomes a Reshape."""
    assert isinstance(node.layer, Concat) and isinstance(cut.layer, Slice)
    (x,), (y,), rank = cut.inputs, node.outputs, len(node.outputs[0].shape)
    source, target = cut.layer.axis % rank, node.layer.axis % rank
    if source == target:
        return []
    order = [axis for axis in range(rank) if axis != source]
    order.insert(order.index(target), source)
    name = names.unique(f"{node.name}.permute")
    moved = Value(name, tuple(x.shape[axis] for axis in order))
    node.layer, node.inputs = Reshape(with_batch_copied(moved.shape, y.shape)), [moved]
    return [Node(name, Permute(tuple(order)), [x], [moved], (), node.module, node.line)]
