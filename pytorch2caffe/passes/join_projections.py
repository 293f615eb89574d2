"""Attention with the linear layers around it."""

from __future__ import annotations

from collections.abc import Collection
from math import prod

import numpy as np

from ..graph.graph import Graph, Node, Value
from ..layers.linear.attention import Attention
from ..layers.linear.inner_product import InnerProduct
from ..layers.linear.multi_head_attention import MultiHeadAttention
from ..layers.shape.flatten import Flatten
from ..layers.shape.reshape import Reshape, with_batch_copied
from ..layers.shape.slice import Slice
from .drop_unused import drop_unused

Linear = tuple[Value, np.ndarray, np.ndarray]  # the input, the weight [out, in], the bias


def join_projections(graph: Graph, *, keep: Collection[str] = ()) -> None:
    """Joins Attention with the InnerProducts that compute query, key and value, and the one that reads it.

    before: x[1, 5, 8] -> InnerProduct(24, axis 2) -> Slice -> q, k, v -> Attention -> InnerProduct(8, axis 2) -> y
    after:  x -> MultiHeadAttention -> y

    keep: names of InnerProducts that stay as they are. Not joined: several samples, a mask, heads of other sizes,
    and what something else reads in the middle.
    """
    finder = _Finder(graph, keep)
    names = graph.names()
    nodes: list[Node] = []
    for node in graph.nodes:
        nodes.append(node)
        found = finder.attention_before(node)
        if found is None:
            continue
        layer, linears = found
        inputs = [value for value, _, _ in linears]
        node.blobs = (*(blob for _, *blobs in linears for blob in blobs), *finder.weights(node))
        node.layer = layer
        node.inputs = inputs[:1] if len(set(inputs)) == 1 else inputs
        if node.outputs[0].shape != inputs[0].shape:
            (old,), rows = node.outputs, Value(names.unique(f"{node.name}.rows"), inputs[0].shape)
            node.outputs = [rows]
            shape = Reshape(with_batch_copied(rows.shape, old.shape))
            nodes.append(Node(names.unique(f"{node.name}.shape"), shape, [rows], [old], (), node.module, node.line))
    graph.nodes[:] = nodes
    drop_unused(graph)


class _Finder:
    """What values are computed from, through Reshapes that keep their rows."""

    def __init__(self, graph: Graph, keep: Collection[str]) -> None:
        self.producers, self.keep = graph.producers(), keep
        readers = graph.consumers()
        self.alone = {value for value, nodes in readers.items() if len(set(nodes)) == 1}
        self.alone -= set(graph.outputs.values())

    def attention_before(self, out: Node) -> tuple[MultiHeadAttention, list[Linear]] | None:
        """The layer for the attention whose rows the InnerProduct `out` reads, and its three linear layers."""
        if not self._is_linear(out):
            return None
        node = self.producers.get(self._rows(out.inputs[0]))
        if node is None or not isinstance(node.layer, Attention) or node.blobs or node.outputs[0].shape[0] != 1:
            return None
        linears = [linear for value in node.inputs if (linear := self._linear(value)) is not None]
        sizes = {len(bias) for _, _, bias in linears}
        if len(linears) < 3 or len(sizes) != 1 or not {node.outputs[0], *node.inputs} <= self.alone:
            return None
        size = sizes.pop()
        fits = out.outputs[0].shape[-1] == linears[0][0].shape[-1] and out.blobs[0].size == size * len(linears[0][1][0])
        return (MultiHeadAttention(node.layer.heads, node.layer.scale), linears) if fits else None

    def weights(self, node: Node) -> tuple[np.ndarray, np.ndarray]:
        """The weight [out, in] and the bias of an InnerProduct."""
        assert isinstance(node.layer, InnerProduct)
        weight = np.ascontiguousarray(node.blobs[0].T) if node.layer.transpose else node.blobs[0]
        return weight, node.blobs[1] if node.layer.bias_term else np.zeros(len(weight), np.float32)

    def _rows(self, value: Value) -> Value:
        """A value before Reshapes that keep its last axis."""
        while value in self.alone and value in self.producers:
            node = self.producers[value]
            keeps = isinstance(node.layer, (Reshape, Flatten)) and node.inputs[0].shape[-1] == value.shape[-1]
            if not keeps:
                break
            (value,) = node.inputs
        return value

    def _linear(self, value: Value) -> Linear | None:
        """The input, weight and bias of the InnerProduct, or the part of one, that computes the rows of a value."""
        rows = self._rows(value)
        node = self.producers.get(rows)
        part = slice(None)
        rank = len(rows.shape)
        if node is not None and isinstance(node.layer, Slice) and node.layer.axis % rank == rank - 1:
            start = sum(other.shape[-1] for other in node.outputs[: node.outputs.index(rows)])
            part = slice(start, start + rows.shape[-1])
            rows = self._rows(node.inputs[0])
            node = self.producers.get(rows)
        if node is None or not self._is_linear(node) or rows not in self.alone:
            return None
        weight, bias = self.weights(node)
        source = self._rows(node.inputs[0])
        same_rows = prod(source.shape[:-1]) == prod(value.shape[:-1])
        return (source, np.ascontiguousarray(weight[part]), np.ascontiguousarray(bias[part])) if same_rows else None

    def _is_linear(self, node: Node) -> bool:
        """Whether a node is an InnerProduct of the last axis that may be joined."""
        layer, rank = node.layer, len(node.inputs[0].shape) if node.inputs else 0
        return isinstance(layer, InnerProduct) and layer.axis % rank == rank - 1 and node.name not in self.keep
