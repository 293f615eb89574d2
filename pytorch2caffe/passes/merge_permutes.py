"""Permute layers that cancel, or that weights can absorb."""

from __future__ import annotations

from ..graph.graph import Graph, Value
from ..layers.shape.flatten import Flatten
from ..layers.shape.permute import Permute
from .drop_unused import drop_unused
from .flattening import flattens, inner_products_after, reorder_columns
from .merge_reshapes import merge_reshapes


def merge_permutes(graph: Graph) -> None:
    """Merges two Permutes in a row, drops those that cancel, and folds one before an InnerProduct into its weights.

    before: x[1, 3, 5, 7] -> Permute(0, 2, 3, 1) -> Flatten -> InnerProduct(W) -> y
    after:  x -> Flatten -> InnerProduct(W with its columns in the other order) -> y
    """
    _merge(graph)
    merge_reshapes(graph)
    _fold(graph)
    merge_reshapes(graph)


def _merge(graph: Graph) -> None:
    producers = graph.producers()
    replaced: dict[Value, Value] = {}
    outputs = set(graph.outputs.values())
    nodes = []
    for node in graph.nodes:
        node.inputs = [replaced.get(value, value) for value in node.inputs]
        if isinstance(node.layer, Permute):
            before = producers.get(node.inputs[0])
            if before is not None and isinstance(before.layer, Permute):
                node.layer = Permute(tuple(before.layer.order[axis] for axis in node.layer.order))
                node.inputs = list(before.inputs)
            if node.layer.order == tuple(range(len(node.layer.order))) and node.outputs[0] not in outputs:
                replaced[node.outputs[0]] = node.inputs[0]
                continue
        nodes.append(node)
    graph.nodes[:] = nodes
    drop_unused(graph)


def _fold(graph: Graph) -> None:
    """Folds Permutes that keep the first axis, before a flattening of which only InnerProducts read the numbers."""
    producers, consumers, outputs = graph.producers(), graph.consumers(), set(graph.outputs.values())
    for node in graph.nodes:
        before = producers.get(node.inputs[0]) if node.inputs else None
        if not flattens(node) or before is None or not isinstance(before.layer, Permute):
            continue
        order, shape = before.layer.order, before.inputs[0].shape
        ends = inner_products_after(node, consumers, outputs)
        if order[0] != 0 or not ends:
            continue
        axes = [axis - 1 for axis in order[1:]]
        reorder_columns(ends, [shape[1 + axis] for axis in axes], [axes.index(axis) for axis in range(len(axes))])
        node.inputs, node.layer = list(before.inputs), Flatten()
    drop_unused(graph)
