"""A part of a graph, between values named."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from ..errors import ConversionError
from .graph import Graph, Shape, Value


def cut(graph: Graph, start: Mapping[str, Shape], end: Sequence[str]) -> Graph:
    """The graph from the values `start` to the values `end`, by name; its own inputs or outputs where none are given.

    Nodes that this part does not need are left out, and inputs that it does not read. Raises ConversionError for a
    name that no value has, or that has another shape.
    """
    if not start and not end:
        return graph
    values = {value.name: value for value in graph.values()}
    for name, shape in start.items():
        if tuple(shape) != _value(values, name).shape:
            raise ConversionError(f"{name!r} has the shape {list(values[name].shape)}, not {list(shape)}")
    inputs = [values[name] for name in start]
    outputs = {name: _value(values, name) for name in end} or graph.outputs
    needed: set[Value] = {*outputs.values()} - {*inputs}
    nodes = []
    for node in reversed(graph.nodes):
        if needed.intersection(node.outputs):
            nodes.append(node)
            needed.update(value for value in node.inputs if value not in inputs)
    graph.nodes = nodes[::-1]
    graph.inputs = [*inputs, *(value for value in graph.inputs if value in needed)]
    graph.outputs = outputs
    return graph


def _value(values: Mapping[str, Value], name: str) -> Value:
    if name not in values:
        near = difflib.get_close_matches(name, values, 3)
        hint = f"; similar: {', '.join(near)}" if near else ""
        raise ConversionError(f"the network has no value {name!r}{hint}")
    return values[name]
