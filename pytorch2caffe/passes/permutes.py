"""Permute layers that cancel, or that weights can take over. In place, as the other passes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from ..formats.mmdnn.layout import channels_last
from ..graph.graph import Graph, Node, Value
from ..graph.registry import Layer
from ..layers.linear.inner_product import InnerProduct
from ..layers.shape.flatten import Flatten
from ..layers.shape.permute import Permute
from ..layers.shape.reshape import Reshape
from .basic import drop_unused, merge_reshapes


def merge_permutes(graph: Graph) -> None:
    """Makes one Permute of two in a row, none of two that cancel, and puts one before an InnerProduct into its weights.

    before: x[1, 3, 5, 7] -> Permute(0, 2, 3, 1) -> Flatten -> InnerProduct(W) -> y
    after:  x -> Flatten -> InnerProduct(W with its columns in the other order) -> y
    """
    _join(graph)
    merge_reshapes(graph)
    _fold(graph)
    merge_reshapes(graph)


def _join(graph: Graph) -> None:
    producers = graph.producers()
    replaced: dict[Value, Value] = {}
    outputs = set(graph.outputs.values())
    kept = []
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
        kept.append(node)
    graph.nodes[:] = kept
    drop_unused(graph)


def _fold(graph: Graph) -> None:
    """Permutes of everything but the batch before a flattening that only InnerProducts see, others in between."""
    consumers = graph.consumers()
    outputs = set(graph.outputs.values())
    producers = graph.producers()
    for node in graph.nodes:
        before = producers.get(node.inputs[0]) if node.inputs else None
        if not _flattens(node) or before is None or not isinstance(before.layer, Permute):
            continue
        order, shape = before.layer.order, before.inputs[0].shape
        ends = _ends(node, consumers, outputs)
        if order[0] != 0 or not ends:
            continue
        axes = [axis - 1 for axis in order[1:]]
        _turn(ends, [shape[1 + axis] for axis in axes], [axes.index(axis) for axis in range(len(axes))])
        node.inputs = list(before.inputs)
        node.layer = Flatten()
    drop_unused(graph)


def flatten_channels_last(graph: Graph) -> None:
    """The other way: before an InnerProduct, a flattening of [N, C, H, W] in the order H, W, C.

    before: x[1, 3, 5, 7] -> Flatten -> InnerProduct(W) -> y
    after:  x -> Permute(0, 2, 3, 1) -> Flatten -> InnerProduct(W with its columns in the other order) -> y
    """
    consumers, outputs, nodes = graph.consumers(), set(graph.outputs.values()), []
    for node in graph.nodes:
        shape = node.inputs[0].shape if node.inputs else ()
        if len(shape) in (4, 5) and _flattens(node) and (ends := _ends(node, consumers, outputs)):
            order = channels_last(len(shape))
            turned = Value(f"{node.name}.permute", tuple(shape[axis] for axis in order))
            nodes.append(Node(turned.name, Permute(order), list(node.inputs), [turned]))
            node.inputs, node.layer = [turned], Flatten()
            _turn(ends, shape[1:], [axis - 1 for axis in order[1:]])
        nodes.append(node)
    graph.nodes[:] = nodes


def _turn(ends: Sequence[Node], shape: Sequence[int], order: Sequence[int]) -> None:
    """Puts the columns of InnerProducts, for a sample of `shape`, in the order that they have once it is permuted."""
    for end in ends:
        assert isinstance(end.layer, InnerProduct)
        weight = end.blobs[0].T if end.layer.transpose else end.blobs[0]
        turned = weight.reshape(-1, *shape).transpose(0, *(1 + axis for axis in order)).reshape(weight.shape)
        end.blobs = (turned.T if end.layer.transpose else turned, *end.blobs[1:])


def _flattens(node: Node) -> bool:
    layer: Layer = node.layer
    if not isinstance(layer, (Flatten, Reshape)):
        return False
    return node.outputs[0].shape == (node.inputs[0].shape[0], prod(node.inputs[0].shape[1:]))


def _ends(node: Node, consumers: dict[Value, list[Node]], outputs: set[Value]) -> list[Node]:
    """The InnerProducts that alone read a node's values, through pointwise layers; none if something else does."""
    (value,) = node.outputs
    if value in outputs or value not in consumers:
        return []
    found: list[Node] = []
    for reader in consumers[value]:
        if isinstance(reader.layer, InnerProduct) and reader.layer.axis in (1, -1):
            found.append(reader)
        elif reader.layer.elementwise and (more := _ends(reader, consumers, outputs)):
            found += more
        else:
            return []
    return found
