"""Attention, as the layers of Caffe express it: every query times every key, number by number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..graph.graph import Graph, Names, Node, Shape, Value
from ..graph.registry import Layer
from ..layers.activation.softmax import Softmax
from ..layers.convolution.convolution import Convolution
from ..layers.convolution.deconvolution import Deconvolution
from ..layers.elementwise.eltwise import Eltwise
from ..layers.elementwise.scale import Bias, Scale
from ..layers.linear.attention import Attention
from ..layers.linear.inner_product import InnerProduct
from ..layers.shape.reshape import Reshape, with_batch_copied
from .drop_unused import drop_unused
from .patterns import written_once

Producers = dict[Value, Node]


@dataclass
class _Found:
    """query [N, T, 1, C], key [N, 1, S, C], value [N, 1, S, D], and the layer; mask [N or 1, T, S, heads] or None."""

    query: Value
    key: Value
    value: Value
    layer: Attention
    mask: np.ndarray | None


def join_row_attention(graph: Graph) -> None:
    """Joins the layers that `Attention.lower` writes into one Attention.

    before: q[N, T, 1, C], k[N, 1, S, C] -> copies [N, T, S, C] -> product -> InnerProduct(heads) -> Softmax
            -> InnerProduct(D); times copies of v[N, 1, S, D] -> Convolution of ones over S -> y[N, T, 1, D]
    after:  each -> Reshape[N, T or S, C or D]; these -> Attention(heads) -> Reshape -> y

    Not joined: other weights than those. Equal up to the rounding of float32.
    """
    producers = written_once(graph)
    names = graph.names()
    nodes: list[Node] = []
    for node in graph.nodes:
        found = _attention(node, producers)
        nodes += [node] if found is None else _joined(node, found, names)
    graph.nodes[:] = nodes
    drop_unused(graph)


def _attention(node: Node, producers: Producers) -> _Found | None:
    rows = _summed_rows(node)
    weighted = _factors(rows, producers) if rows is not None else None
    for weights, values in weighted or ():
        heads_out, value = producers.get(weights), _copied(values, producers)
        softmax = producers.get(heads_out.inputs[0]) if heads_out is not None and heads_out.inputs else None
        if heads_out is None or softmax is None or value is None or softmax.layer not in (Softmax(2), Softmax(-2)):
            continue
        heads = softmax.outputs[0].shape[-1]
        if _of_heads(heads_out, heads, outwards=True) != 1:
            continue
        scores, mask = _unmasked(softmax.inputs[0], producers)
        scale = _of_heads(scores, heads, outwards=False) if scores is not None else 0.0
        products = _factors(scores.inputs[0], producers) if scores is not None and scale else None
        for queries, keys in products or ():
            query, key = _copied(queries, producers, along_rows=True), _copied(keys, producers)
            if query is not None and key is not None:
                return _Found(query, key, value, Attention(heads, scale), mask)
    return None


def _summed_rows(node: Node) -> Value | None:
    """x, if a node is the sum of its rows: a depthwise convolution of ones."""
    layer = node.layer
    if not isinstance(layer, Convolution) or len(layer.kernel_size) != 2 or layer.group != layer.num_output:
        return None
    (x,) = node.inputs
    plain = layer == Convolution(x.shape[1], (x.shape[2], 1), group=x.shape[1], bias_term=False)
    return x if plain and x.shape[2] > 1 and (node.blobs[0] == 1).all() else None


def _factors(value: Value, producers: Producers) -> list[tuple[Value, Value]] | None:
    """The two factors of a product, in both orders."""
    node = producers.get(value)
    if node is None or node.layer != Eltwise("PROD") or len(node.inputs) != 2:
        return None
    first, second = node.inputs
    return [(first, second), (second, first)]


def _copied(value: Value, producers: Producers, *, along_rows: bool = False) -> Value | None:
    """What a value is copies of, along the channels or the rows."""
    axis = 2 if along_rows else 1
    if len(value.shape) != 4:
        return None
    if value.shape[axis] == 1:
        return value
    node = producers.get(value)
    if node is None or not isinstance(node.layer, (Convolution, Deconvolution)) or node.inputs[0].shape[axis] != 1:
        return None
    _, channels, rows, _ = value.shape
    copies: Layer = Convolution(channels, (1, 1), bias_term=False)
    if along_rows:
        copies = Deconvolution(channels, (rows, 1), group=channels, bias_term=False)
    return node.inputs[0] if node.layer == copies and (node.blobs[0] == 1).all() else None


def _of_heads(node: Node, heads: int, *, outwards: bool) -> float:
    """The factor of an InnerProduct that adds the numbers of each head, or repeats that of each; 0 for any other."""
    layer, size = node.layer, 0 if not node.blobs else node.blobs[0].size // heads
    if not isinstance(layer, InnerProduct) or layer.bias_term or layer.transpose or layer.axis not in (3, -1):
        return 0.0
    if size % heads or layer.num_output != (size if outwards else heads):
        return 0.0
    pattern = np.repeat(np.eye(heads, dtype=np.float32), size // heads, axis=0 if outwards else 1)
    factor = float(node.blobs[0].flat[0])
    return factor if np.array_equal(node.blobs[0], np.float32(factor) * pattern) else 0.0


def _unmasked(value: Value, producers: Producers) -> tuple[Node | None, np.ndarray | None]:
    """The node of the scores before a constant mask was added, and the mask."""
    node = producers.get(value)
    layer = node.layer if node is not None else None
    if node is None or not isinstance(layer, (Bias, Scale)) or len(node.inputs) != 1:
        return node, None
    mask = node.blobs[-1]
    adds = isinstance(layer, Bias) or layer.bias_term and (node.blobs[0] == 1).all()
    if not adds or layer.axis % 4 != 4 - mask.ndim:
        return None, None
    return producers.get(node.inputs[0]), mask.reshape((1,) * (4 - mask.ndim) + mask.shape)


def _joined(node: Node, found: _Found, names: Names) -> list[Node]:
    nodes: list[Node] = []

    def reshaped(value: Value, shape: Shape, name: str) -> Value:
        name = names.unique(f"{node.name}.{name}")
        layer = Reshape(with_batch_copied(value.shape, shape))
        nodes.append(Node(name, layer, [value], [Value(name, shape)], (), node.module, node.line))
        return nodes[-1].outputs[0]

    inputs = [
        reshaped(value, (value.shape[0], value.shape[1] * value.shape[2], value.shape[3]), name)
        for value, name in ((found.query, "query"), (found.key, "key"), (found.value, "value"))
    ]
    (n, targets, _), width = inputs[0].shape, inputs[2].shape[2]
    mask = () if found.mask is None else (np.ascontiguousarray(found.mask.transpose(0, 3, 1, 2)),)
    name = names.unique(f"{node.name}.attention")
    result = Value(name, (n, targets, width))
    nodes.append(Node(name, found.layer, inputs, [result], mask, node.module, node.line))
    last = Reshape(with_batch_copied(result.shape, node.outputs[0].shape))
    return [*nodes, Node(node.name, last, [result], node.outputs, (), node.module, node.line)]
