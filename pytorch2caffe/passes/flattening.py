"""Flattening before InnerProducts, whose weights decide in which order the numbers come."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import prod

from ..graph.graph import Node, Value
from ..layers.linear.inner_product import InnerProduct
from ..layers.shape.flatten import Flatten
from ..layers.shape.reshape import Reshape


def flattens(node: Node) -> bool:
    """Whether a node makes [N, ...] to [N, all other axes in one]."""
    if not isinstance(node.layer, (Flatten, Reshape)):
        return False
    shape = node.inputs[0].shape
    return bool(shape) and node.outputs[0].shape == (shape[0], prod(shape[1:]))


def inner_products_after(
    node: Node, consumers: Mapping[Value, Sequence[Node]], outputs: Collection[Value]
) -> list[Node]:
    """The InnerProducts that alone read what a node writes, directly or through elementwise layers.

    Empty if any other layer reads it, or if it is an output.
    """
    inner_products: list[Node] = []
    values = list(node.outputs)
    for value in values:  # grows
        if value in outputs or value not in consumers:
            return []
        for reader in consumers[value]:
            if isinstance(reader.layer, InnerProduct) and reader.layer.axis in (1, -1):
                inner_products.append(reader)
            elif reader.layer.elementwise:
                values += reader.outputs
            else:
                return []
    return inner_products


def reorder_columns(nodes: Sequence[Node], shape: Sequence[int], order: Sequence[int]) -> None:
    """Gives the weights of InnerProducts, which multiply samples of `shape`, the order of samples permuted by `order`.

    shape: of one sample as the weights are now, without the batch axis. order: as in numpy.transpose.
    """
    for node in nodes:
        assert isinstance(node.layer, InnerProduct)
        weight = node.blobs[0].T if node.layer.transpose else node.blobs[0]
        moved = weight.reshape(-1, *shape).transpose(0, *(1 + axis for axis in order)).reshape(weight.shape)
        node.blobs = (moved.T if node.layer.transpose else moved, *node.blobs[1:])
