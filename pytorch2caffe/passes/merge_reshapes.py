"""Chains of shape changes."""

from __future__ import annotations

from ..graph.graph import Graph, Shape, Value
from ..graph.registry import Layer
from ..layers.shape.flatten import Flatten
from ..layers.shape.reshape import Reshape, with_batch_copied
from .drop_unused import drop_unused

MOST_AXES = 4  # that every consumer's Flatten has


def merge_reshapes(graph: Graph) -> None:
    """Merges shape changes in a row into one Reshape, and drops those that change nothing.

    before: x[2, 16] -> Reshape[2, 16, 1, 1] -> Reshape[2, 16] -> y
    after:  x -> y
    """
    outputs = set(graph.outputs.values())
    producers = graph.producers()
    replaced: dict[Value, Value] = {}
    nodes = []
    for node in graph.nodes:
        node.inputs = [replaced.get(value, value) for value in node.inputs]
        if isinstance(node.layer, (Reshape, Flatten)):
            before = producers.get(node.inputs[0])
            if _moves_batch(node.layer) or before is not None and _moves_batch(before.layer):
                nodes.append(node)
                continue
            if before is not None and isinstance(before.layer, (Reshape, Flatten)):
                node.inputs = list(before.inputs)
                node.layer = reshaping(node.inputs[0].shape, node.outputs[0].shape)
            if node.inputs[0].shape == node.outputs[0].shape and node.outputs[0] not in outputs:
                replaced[node.outputs[0]] = node.inputs[0]
                continue
        nodes.append(node)
    graph.nodes[:] = nodes
    drop_unused(graph)


def _moves_batch(layer: Layer) -> bool:
    """Whether a Reshape moves the batch, of any size, to another axis than the first, as [1, -1] does."""
    return isinstance(layer, Reshape) and layer.axis == 0 and -1 in layer.shape[1:] and layer.shape[0] > 0


def reshaping(before: Shape, after: Shape) -> Layer:
    """The layer from one shape to another: Flatten where it is that and every consumer has it."""
    if len(after) == 2 and 2 < len(before) <= MOST_AXES and before[0] == after[0]:
        return Flatten()
    return Reshape(with_batch_copied(before, after))
