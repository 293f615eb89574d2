"""The names of a network's outputs."""

from __future__ import annotations

from ...graph.graph import Graph, Value


def name_after_tops(graph: Graph, outputs: list[Value]) -> None:
    """Gives outputs the names of their tops, where a layer that works in place made another value have it."""
    named = {value.name: value for node in graph.nodes for value in node.outputs}
    for value in outputs:
        other = named.get(value.top)
        if value.top != value.name and other is not None and other not in outputs:
            other.name, value.name = value.name, value.top
