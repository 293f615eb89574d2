"""Copies made for an operation that broadcasts by itself."""

from __future__ import annotations

from ..graph.graph import Graph, Node, Value
from ..graph.registry import Layer
from ..layers.elementwise.binary import EQUAL_SHAPES, Binary
from ..layers.shape.tile import Tile
from .drop_unused import drop_unused

OPERATIONS: dict[Layer, str] = {layer: name for name, layer in EQUAL_SHAPES.items()}


def fold_tiles(graph: Graph) -> None:
    """Gives an operation of two inputs the one that was copied to the shape of the other.

    before: y[1, 64, 1, 1] -> Tile -> Tile -> [1, 64, 7, 7]; x[1, 64, 7, 7], [.] -> Eltwise -> z
    after:  x[1, 64, 7, 7], y[1, 64, 1, 1] -> Binary -> z
    """
    producers = graph.producers()
    for node in graph.nodes:
        operation = OPERATIONS.get(node.layer)
        if operation is None or len(node.inputs) != 2:
            continue
        a, b = (_untiled(value, producers) for value in node.inputs)
        if a.shape == b.shape:
            continue
        shape = node.outputs[0].shape
        if a.shape == shape:
            node.inputs, node.layer = [node.inputs[0], b], Binary(operation)
        elif b.shape == shape:
            node.inputs, node.layer = [a, node.inputs[1]], Binary(operation)
    drop_unused(graph)


def _untiled(value: Value, producers: dict[Value, Node]) -> Value:
    """The value that Tiles copied along axes of size 1, or the value itself."""
    while (node := producers.get(value)) is not None and isinstance(node.layer, Tile):
        axis = node.layer.axis % len(value.shape)
        if node.inputs[0].shape[axis] != 1:
            break
        value = node.inputs[0]
    return value
