"""Queries of attention that are constants."""

from __future__ import annotations

import numpy as np

from ..graph.graph import Graph, Node, Value
from ..layers.basic.parameter import Constant
from ..layers.linear.attention import Attention
from ..layers.linear.attention_pooling import AttentionPooling
from ..layers.shape.flatten import Flatten
from ..layers.shape.reshape import Reshape
from .drop_unused import drop_unused
from .patterns import written_once


def fold_queries(graph: Graph) -> None:
    """Folds the only query of an attention, if it is a constant, into weights.

    before: (Constant -> Reshape -> q[2, 1, 12], k[2, 5, 12], v[2, 5, 8]) -> Attention(heads 4) -> y[2, 1, 8]
    after:  (k, v) -> AttentionPooling(heads 4) -> y

    Not folded: several queries, one that differs between samples, attention with a mask.
    """
    producers = written_once(graph)
    for node in graph.nodes:
        if not isinstance(node.layer, Attention) or node.blobs or node.inputs[0].shape[1] != 1:
            continue
        query = _constant(node.inputs[0], producers)
        if query is None:
            continue
        rows = query.reshape(-1, node.inputs[0].shape[2])
        if (rows == rows[0]).all():
            node.blobs = (np.float32(node.layer.scale) * rows[0],)
            node.layer, node.inputs = AttentionPooling(node.layer.heads), node.inputs[1:]
    drop_unused(graph)


def _constant(value: Value, producers: dict[Value, Node]) -> np.ndarray | None:
    """The numbers of a value that is a constant, in their order."""
    node = producers.get(value)
    while node is not None and isinstance(node.layer, (Reshape, Flatten)):
        node = producers.get(node.inputs[0])
    return node.blobs[0] if node is not None and isinstance(node.layer, Constant) else None
