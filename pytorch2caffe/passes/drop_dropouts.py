"""Dropout layers."""

from __future__ import annotations

from ..graph.graph import Graph, Value
from ..layers.basic.dropout import Dropout


def drop_dropouts(graph: Graph) -> None:
    """Drops Dropout layers, which do nothing at inference.

    before: x -> ReLU -> Dropout -> InnerProduct -> y
    after:  x -> ReLU -> InnerProduct -> y

    Not dropped: a Dropout that writes an output, which would lose its name.
    """
    outputs = set(graph.outputs.values())
    replaced: dict[Value, Value] = {}
    nodes = []
    for node in graph.nodes:
        node.inputs = [replaced.get(value, value) for value in node.inputs]
        if isinstance(node.layer, Dropout) and node.outputs[0] not in outputs:
            replaced[node.outputs[0]] = node.inputs[0]
        else:
            nodes.append(node)
    graph.nodes[:] = nodes
