"""Attention of one query that is a constant: a learned token that gathers all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source
from ..activation.softmax import Softmax
from ..shape.reshape import reshape_to
from .attention import weighted_rows
from .inner_product import InnerProduct


@dataclass(frozen=True)
class AttentionPooling(Layer):
    """softmax(query key^T) value for each head, its numbers next to each other in each row.

    Inputs: key [N, S, C], value [N, S, D]. Output [N, 1, D]. Blob: the query, times the scale, [C].
    """

    type = "AttentionPooling"
    heads: int

    def blob_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        return [(shapes[0][2],)]

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape] | None:
        return [(shapes[0][0], 1, shapes[1][2])]

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        heads = f"({self.heads}, -1)"
        weights = f"({{0}} * {{query}}).unflatten(2, {heads}).sum(3).softmax(1)"
        rows = f"({weights}.unsqueeze(3) * {{1}}.unflatten(2, {heads}))"
        return Source(expr=f"{rows}.sum(1, keepdim=True).flatten(2)", state={"query": blobs[0]})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """The query as the weights of an InnerProduct that gives the scores of all heads."""
        (key, value), (query,) = inputs, blobs
        n, tokens, size = key.shape
        rows = reshape_to(net, key, (n, 1, tokens, size), "keys")
        of_head = np.repeat(np.eye(self.heads, dtype=np.float32), size // self.heads, axis=1) * query
        scores = net.add(InnerProduct(self.heads, False, 3), rows, blobs=[of_head], name="scores")
        return weighted_rows(net, net.add(Softmax(2), scores, name="softmax"), value)
