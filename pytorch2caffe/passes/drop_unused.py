"""Nodes that no output depends on."""

from __future__ import annotations

from ..graph.graph import Graph


def drop_unused(graph: Graph) -> None:
    """Drops every node that no output depends on.

    before: data -> conv -> relu -> (output), conv -> aux
    after:  data -> conv -> relu -> (output)
    """
    wanted = set(graph.outputs.values())
    nodes = []
    for node in reversed(graph.nodes):
        if wanted.intersection(node.outputs):
            wanted.update(node.inputs)
            nodes.append(node)
    graph.nodes[:] = reversed(nodes)
