"""Layers that compute the same."""

from __future__ import annotations

from collections.abc import Hashable

from ..graph.graph import Graph, Node, Value


def merge_equal(graph: Graph) -> None:
    """Merges layers with the same settings, weights and inputs into the first of them.

    before: x -> Power -> a, x -> Power -> b, (a, b) -> Eltwise
    after:  x -> Power -> a, (a, a) -> Eltwise

    For loops of a decoder that project the same memory in each step, and for constants, which lowering computes from
    an input. Weights are the same if they are the same arrays: `share_weights` runs before it. Not merged: layers that
    write an output of the network, which would lose its name, and layers that write nothing.
    """
    outputs = set(graph.outputs.values())
    first: dict[Hashable, Node] = {}
    same: dict[Value, Value] = {}
    nodes = []
    for node in graph.nodes:
        node.inputs = [same.get(value, value) for value in node.inputs]
        key = (type(node.layer), repr(node.layer), tuple(node.inputs), tuple(map(id, node.blobs)))
        earlier = first.setdefault(key, node)
        if earlier is node or not node.outputs or outputs.intersection(node.outputs):
            nodes.append(node)
        else:
            for value, kept in zip(node.outputs, earlier.outputs, strict=True):
                kept.fixed |= value.fixed
                same[value] = kept
    graph.nodes[:] = nodes
