"""Layers of one name, which Caffe accepts in a file."""

from __future__ import annotations

from ..graph.graph import Graph, Names


def unique_names(graph: Graph) -> None:
    """Renames layers that have the name of an earlier one; `label` keeps the name that the file has.

    before: data -> conv -> conv
    after:  data -> conv -> conv_1 (label conv)

    A frontend runs it: until then the graph is not valid.
    """
    names = Names(node.name for node in graph.nodes)
    used: set[str] = set()
    for node in graph.nodes:
        if node.name in used:
            node.name, node.label = names.unique(node.name), node.name
        used.add(node.name)
