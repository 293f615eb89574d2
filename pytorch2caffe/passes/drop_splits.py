"""Split layers."""

from __future__ import annotations

from ..graph.graph import Graph, Value
from ..layers.basic.split import Split


def drop_splits(graph: Graph) -> None:
    """Drops Split layers: any number of nodes may read a value, and a value may be several outputs.

    before: x -> Split -> a, b; a -> ReLU
    after:  x -> ReLU
    """
    same: dict[Value, Value] = {}
    nodes = []
    for node in graph.nodes:
        node.inputs = [same.get(value, value) for value in node.inputs]
        if isinstance(node.layer, Split):
            same.update(dict.fromkeys(node.outputs, node.inputs[0]))
        else:
            nodes.append(node)
    graph.nodes[:] = nodes
    graph.outputs = {name: same.get(value, value) for name, value in graph.outputs.items()}
