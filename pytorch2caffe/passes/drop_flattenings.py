"""Flattening before InnerProducts, which flatten themselves."""

from __future__ import annotations

from dataclasses import replace

from ..graph.graph import Graph, Value
from ..layers.linear.inner_product import InnerProduct
from ..layers.reduction.reduce import Reduce
from .flattening import flattens


def drop_flattenings(graph: Graph) -> None:
    """Lets InnerProducts read what would be flattened for them, for consumers that have no layer that flattens.

    before: x[N, C, H, W] -> Flatten -> [N, C H W] -> InnerProduct -> y
    after:  x -> InnerProduct -> y

    A mean over rows and columns keeps these axes: [N, C, 1, 1]. Not changed: what is also read by other layers.
    """
    outputs, consumers = set(graph.outputs.values()), graph.consumers()
    replaced: dict[Value, Value] = {}
    dropped = set()
    for node in graph.nodes:
        if not node.outputs or node.outputs[0] in outputs:
            continue
        value, readers = node.outputs[0], consumers.get(node.outputs[0], [])
        if not readers or not all(isinstance(r.layer, InnerProduct) and r.layer.axis in (1, -1) for r in readers):
            continue
        if flattens(node):
            replaced[value] = node.inputs[0]
            dropped.add(node)
        elif isinstance(node.layer, Reduce) and not node.layer.keepdim and value.shape == node.inputs[0].shape[:2]:
            node.layer = replace(node.layer, keepdim=True)
            value.shape = (*value.shape, *[1] * (len(node.inputs[0].shape) - 2))
        else:
            continue
        for reader in readers:
            assert isinstance(reader.layer, InnerProduct)
            reader.layer = replace(reader.layer, axis=1)
    for node in graph.nodes:
        node.inputs = [replaced.get(value, value) for value in node.inputs]
    graph.nodes[:] = [node for node in graph.nodes if node not in dropped]
