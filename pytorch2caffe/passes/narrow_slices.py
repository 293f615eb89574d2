"""Slices of which one output is used."""

from __future__ import annotations

from ..graph.graph import Graph
from ..layers.shape.slice import Narrow, Slice


def narrow_slices(graph: Graph) -> None:
    """Makes a Narrow of a Slice of which one output is used.

    before: x -> Slice -> a, b, with only b used
    after:  x -> Narrow -> b
    """
    used = {*graph.consumers(), *graph.outputs.values()}
    for node in graph.nodes:
        if not isinstance(node.layer, Slice):
            continue
        wanted = [index for index, value in enumerate(node.outputs) if value in used]
        if len(wanted) == 1:
            axis = node.layer.axis
            edges = [0, *node.layer.slice_point, node.inputs[0].shape[axis]]
            node.layer = Narrow(axis, *edges[wanted[0] : wanted[0] + 2])
            node.outputs = [node.outputs[wanted[0]]]
