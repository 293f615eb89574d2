"""Reshapes of what is computed row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..graph.graph import Graph, Node, Value
from ..layers.linear.inner_product import InnerProduct
from ..layers.shape.flatten import Flatten
from ..layers.shape.reshape import Reshape, with_batch_copied
from .drop_unused import drop_unused

MOST_AXES = 4  # that consumers accept


def sink_reshapes(graph: Graph) -> None:
    """Moves a Reshape that changes the first axis, but no row, after the InnerProduct of the rows.

    before: x[1, 5, 8] -> Reshape[5, 1, 8] -> InnerProduct(axis 2) -> y[5, 1, 24]
    after:  x[1, 5, 8] -> InnerProduct(axis 2) -> Reshape[5, 1, 24] -> y

    The Reshape then often meets another that undoes it. Not moved: one that keeps the first axis, and one of more than
    four axes.
    """
    producers = graph.producers()
    names = graph.names()
    nodes: list[Node] = []
    for node in graph.nodes:
        nodes.append(node)
        x = _rows(node, producers) if isinstance(node.layer, InnerProduct) else None
        if x is None:
            continue
        assert isinstance(node.layer, InnerProduct)
        name, (y,) = names.unique(f"{node.name}.rows"), node.outputs
        rows = Value(name, (*x.shape[:-1], y.shape[-1]))
        layer = replace(node.layer, axis=len(x.shape) - 1)
        nodes[-1] = Node(name, layer, [x], [rows], node.blobs, node.module, node.line)
        last = Reshape(with_batch_copied(rows.shape, y.shape))
        nodes.append(Node(node.name, last, [rows], [y], (), node.module, node.line))
        producers[y] = nodes[-1]
    graph.nodes[:] = nodes
    drop_unused(graph)


def _rows(node: Node, producers: Mapping[Value, Node]) -> Value | None:
    """What the rows of an InnerProduct are before Reshapes that change the first axis; None if there are none."""
    (x,) = node.inputs
    if not isinstance(node.layer, InnerProduct) or node.layer.axis % len(x.shape) != len(x.shape) - 1:
        return None
    root = x
    while (before := producers.get(root)) is not None and isinstance(before.layer, (Reshape, Flatten)):
        (root,) = before.inputs
    same_rows = 1 < len(root.shape) <= MOST_AXES and root.shape[-1] == x.shape[-1]
    return root if same_rows and root.shape[0] != x.shape[0] else None
