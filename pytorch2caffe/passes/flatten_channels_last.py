"""Flattening in the order of TensorFlow."""

from __future__ import annotations

from ..formats.mmdnn.layout import channels_last
from ..graph.graph import Graph, Node, Value
from ..layers.shape.flatten import Flatten
from ..layers.shape.permute import Permute
from .flattening import flattens, inner_products_after, reorder_columns


def flatten_channels_last(graph: Graph) -> None:
    """Flattens [N, C, H, W] in the order H, W, C where only InnerProducts read the numbers; [N, C, D, H, W] likewise.

    before: x[1, 3, 5, 7] -> Flatten -> InnerProduct(W) -> y
    after:  x -> Permute(0, 2, 3, 1) -> Flatten -> InnerProduct(W with its columns in the other order) -> y
    """
    consumers, outputs, nodes = graph.consumers(), set(graph.outputs.values()), []
    for node in graph.nodes:
        shape = node.inputs[0].shape if node.inputs else ()
        if len(shape) in (4, 5) and flattens(node) and (ends := inner_products_after(node, consumers, outputs)):
            order = channels_last(len(shape))
            permuted = Value(f"{node.name}.permute", tuple(shape[axis] for axis in order))
            nodes.append(Node(permuted.name, Permute(order), list(node.inputs), [permuted]))
            node.inputs, node.layer = [permuted], Flatten()
            reorder_columns(ends, shape[1:], [axis - 1 for axis in order[1:]])
        nodes.append(node)
    graph.nodes[:] = nodes
