"""Layers on channels that are last for them alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..graph.graph import Graph, Node, Value
from ..graph.registry import Layer
from ..layers.convolution.convolution import Convolution
from ..layers.elementwise.binary import Binary
from ..layers.elementwise.eltwise import Eltwise
from ..layers.elementwise.scale import Bias, Scale
from ..layers.linear.inner_product import InnerProduct
from ..layers.normalization.channel_norm import ChannelNorm
from ..layers.normalization.layer_norm import LayerNorm
from ..layers.shape.permute import Permute
from .drop_unused import drop_unused

TO_LAST, TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
AXIS = {0: 0, 1: 2, 2: 3, 3: 1}  # of [N, H, W, C] in [N, C, H, W]


def drop_channels_last(graph: Graph) -> None:
    """Lets what works on the channels of each position work on [N, C, H, W], where it is permuted for that and back.

    before: x[1, 8, 5, 7] -> Permute(0, 2, 3, 1) -> LayerNorm(axis 3) -> InnerProduct(axis 3) -> Permute(0, 3, 1, 2)
    after:  x -> ChannelNorm -> Convolution(1x1)

    Not changed: what another layer, or an output of the network, reads in the order N, H, W, C.
    """
    producers, consumers = graph.producers(), graph.consumers()
    found = _found(graph, producers, consumers)
    names = graph.names()
    first: dict[Value, Value] = {}
    same: dict[Value, Value] = {}
    filters: dict[int, np.ndarray] = {}  # of each matrix, which layers may share
    for node, layer in found.items():
        node.inputs = [first[x] if x in first else producers[x].inputs[0] for x in node.inputs]
        node.layer, (y,) = layer, node.outputs
        if isinstance(layer, Convolution):
            matrix, *bias = node.blobs
            node.blobs = (filters.setdefault(id(matrix), matrix.reshape(*matrix.shape, 1, 1)), *bias)
        back = [reader.outputs[0] for reader in consumers[y] if reader not in found]
        new = Value(names.unique(f"{y.name}.first"), tuple(y.shape[axis] for axis in TO_FIRST))
        first[y] = back[0] if back else new
        first[y].fixed |= {AXIS[axis] for axis in y.fixed}
        same.update(dict.fromkeys(back[1:], first[y]))
        node.outputs = [first[y]]
    dropped = {value for reader in found for value in reader.outputs} | set(same)
    graph.nodes[:] = [node for node in graph.nodes if node in found or dropped.isdisjoint(node.outputs)]
    for node in graph.nodes:
        node.inputs = [same.get(value, value) for value in node.inputs]
    graph.outputs = {name: same.get(value, value) for name, value in graph.outputs.items()}
    drop_unused(graph)


def _found(graph: Graph, producers: Mapping[Value, Node], consumers: Mapping[Value, list[Node]]) -> dict[Node, Layer]:
    """The nodes that can work on [N, C, H, W], in order, each with its layer there."""
    outputs, found = set(graph.outputs.values()), {}

    def reads_first(node: Node) -> bool:
        writers = [producers.get(x) for x in node.inputs]
        return bool(writers) and all(w is not None and (w in found or _permutes(w, TO_LAST)) for w in writers)

    def is_read_first(node: Node) -> bool:
        readers = consumers.get(node.outputs[0], [])
        return bool(readers) and all(reader in found or _permutes(reader, TO_FIRST) for reader in readers)

    for node in graph.nodes:
        layer = _on_first(node) if reads_first(node) and outputs.isdisjoint(node.outputs) else None
        if layer is not None:
            found[node] = layer
    while others := [node for node in found if not (reads_first(node) and is_read_first(node))]:
        for node in others:
            del found[node]
    return found


def _permutes(node: Node, order: tuple[int, ...]) -> bool:
    return isinstance(node.layer, Permute) and tuple(node.layer.order) == order


def _on_first(node: Node) -> Layer | None:
    """The layer that gives for [N, C, H, W] what this one gives for [N, H, W, C]; None if there is none."""
    layer = node.layer
    if layer.elementwise or isinstance(layer, (Binary, Eltwise)) and len({x.shape for x in node.inputs}) == 1:
        return layer
    if isinstance(layer, LayerNorm) and layer.axis == 3:
        return ChannelNorm(layer.eps)
    if isinstance(layer, (Scale, Bias)) and layer.axis == 3 and len(node.inputs) == 1:
        return replace(layer, axis=1)
    if isinstance(layer, InnerProduct) and layer.axis == 3 and not layer.transpose:
        return Convolution(layer.num_output, (1, 1), bias_term=layer.bias_term)
    return None
