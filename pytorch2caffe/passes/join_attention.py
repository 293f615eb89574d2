"""Attention: what scaled_dot_product_attention and the formulas of it are made of."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from ..graph.graph import Graph, Names, Node, Shape, Value
from ..graph.registry import Layer
from ..layers.activation.softmax import Softmax
from ..layers.basic.parameter import Constant
from ..layers.elementwise.binary import Binary
from ..layers.elementwise.eltwise import Eltwise
from ..layers.elementwise.power import Power
from ..layers.elementwise.scale import Bias
from ..layers.linear.attention import Attention
from ..layers.linear.matmul import MatMul
from ..layers.shape.flatten import Flatten
from ..layers.shape.permute import Permute
from ..layers.shape.reshape import Reshape, with_batch_copied
from .drop_unused import drop_unused


@dataclass
class _Scores:
    """What is computed from query and key before the softmax: scale * product + mask.

    query: the first factor of the product, before it is multiplied by a number.
    """

    product: Node
    query: Value
    scale: float
    mask: np.ndarray


def join_attention(graph: Graph) -> None:
    """Joins the products, the scale, the mask and the softmax of attention into one layer, on tokens in rows.

    before: (q[2, 3, 5, 4], k[2, 3, 4, 5]) -> MatMul -> Power -> Bias -> Softmax; (it, v[2, 3, 5, 4]) -> MatMul -> y
    after:  each -> Permute -> Reshape[2, 5, 12]; these -> Attention(heads 3) -> Reshape -> Permute -> y

    The Permutes undo those that split the heads: merge_views drops both. Not joined: a mask that is computed from the
    input, and what something else reads in the middle.
    """
    producers, consumers = graph.producers(), graph.consumers()
    alone = {value for value, readers in consumers.items() if len(readers) == 1} - set(graph.outputs.values())
    names = graph.names()
    nodes: list[Node] = []
    for node in graph.nodes:
        scores = _scores(node, producers, alone) if isinstance(node.layer, MatMul) else None
        nodes += [node] if scores is None else _joined(node, scores, names)
    graph.nodes[:] = nodes
    drop_unused(graph)


def _scores(node: Node, producers: dict[Value, Node], alone: set[Value]) -> _Scores | None:
    """What the first factor of a MatMul is the softmax of, if that is a product; None if it is anything else."""
    softmax = producers.get(node.inputs[0])
    if softmax is None or not isinstance(softmax.layer, Softmax) or node.inputs[0] not in alone:
        return None
    rank = len(softmax.outputs[0].shape)
    if rank < 3 or softmax.layer.axis % rank != rank - 1:
        return None
    value, scale = softmax.inputs[0], 1.0
    mask: np.ndarray = np.zeros(value.shape, np.float32)
    while value in alone and value in producers:
        step = producers[value]
        if isinstance(step.layer, MatMul):
            if value.shape[-2:] != mask.shape[-2:]:
                return None
            query, times = _unscaled(step.inputs[0], producers, alone)
            return _Scores(step, query, scale * times, mask.reshape(node.inputs[0].shape))
        if isinstance(step.layer, (Reshape, Flatten)):
            value, mask = step.inputs[0], mask.reshape(step.inputs[0].shape)
        elif isinstance(step.layer, Power) and _is_scaling(step.layer):
            scale, value = scale * step.layer.scale, step.inputs[0]
        elif (added := _added(step, producers)) is not None:
            value, mask = added[0], mask + np.float32(scale) * added[1]
        else:
            return None
    return None


def _unscaled(value: Value, producers: dict[Value, Node], alone: set[Value]) -> tuple[Value, float]:
    """A value before it was multiplied by a number, and that number."""
    before = producers.get(value)
    if before is None or value not in alone or not _is_scaling(before.layer):
        return value, 1.0
    assert isinstance(before.layer, Power)
    return before.inputs[0], before.layer.scale


def _is_scaling(layer: Layer) -> bool:
    return isinstance(layer, Power) and layer.power == 1 and not layer.shift


def _added(node: Node, producers: dict[Value, Node]) -> tuple[Value, np.ndarray] | None:
    """The traced term of a sum and the constant one, broadcast to it."""
    layer, shape = node.layer, node.outputs[0].shape
    if isinstance(layer, Bias) and len(node.inputs) == 1:
        axis = layer.axis % len(shape)
        ones = len(shape) - axis - node.blobs[0].ndim
        return node.inputs[0], node.blobs[0].reshape(*node.blobs[0].shape, *(1,) * ones)
    if layer not in (Binary("add"), Eltwise()) or len(node.inputs) != 2:
        return None
    for value, other in (node.inputs, node.inputs[::-1]):
        constant = producers.get(other)
        if constant is not None and isinstance(constant.layer, Constant) and value.shape == shape:
            return value, constant.blobs[0]
    return None


def _joined(node: Node, scores: _Scores, names: Names) -> list[Node]:
    """The nodes for the attention whose last product `node` is."""
    nodes: list[Node] = []

    def add(layer: Layer, value: Value, shape: Shape, name: str) -> Value:
        name = names.unique(f"{node.name}.{name}")
        nodes.append(Node(name, layer, [value], [Value(name, shape)], (), node.module, node.line))
        return nodes[-1].outputs[0]

    *lead, targets, _ = scores.product.inputs[0].shape
    heads, batch = lead[-1], prod(lead[:-1])

    def rows(value: Value, transposed: bool, name: str) -> Value:
        """[..., heads, rows, columns] as [batch, rows, heads * columns]."""
        four = (batch, heads, *value.shape[-2:])
        value = add(Reshape(with_batch_copied(value.shape, four)), value, four, name)
        order = (0, 3, 1, 2) if transposed else (0, 2, 1, 3)
        value = add(Permute(order), value, tuple(four[axis] for axis in order), name)
        joined = (batch, value.shape[1], heads * value.shape[3])
        return add(Reshape(with_batch_copied(value.shape, joined)), value, joined, name)

    key = scores.product.inputs[1]
    inputs = [rows(scores.query, False, "query"), rows(key, True, "key"), rows(node.inputs[1], False, "value")]
    width = node.outputs[0].shape[-1]
    name = names.unique(f"{node.name}.attention")
    result = Value(name, (batch, targets, heads * width))
    mask = _smallest(scores.mask.reshape(batch, heads, *scores.mask.shape[-2:]))
    blobs = (mask,) if mask.any() else ()
    nodes.append(Node(name, Attention(heads, scores.scale), inputs, [result], blobs, node.module, node.line))
    apart = add(Reshape((0, targets, heads, width)), result, (batch, targets, heads, width), "heads")
    back = add(Permute((0, 2, 1, 3)), apart, (batch, heads, targets, width), "back")
    last = Reshape(with_batch_copied(back.shape, node.outputs[0].shape))
    nodes.append(Node(node.name, last, [back], node.outputs, (), node.module, node.line))
    return nodes


def _smallest(mask: np.ndarray) -> np.ndarray:
    """The mask once, if it is the same for all samples."""
    return mask[:1] if (mask == mask[:1]).all() else mask
