"""Attention of several heads, on tokens in rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, number
from ..activation.softmax import Softmax
from ..elementwise.eltwise import Eltwise
from ..elementwise.scale import Bias
from ..shape.permute import Permute
from ..shape.reshape import reshape_to
from ..shape.tile import Tile
from .inner_product import InnerProduct
from .matmul import refuse_large, sum_of_rows
from .sdpa import SDPA


@dataclass(frozen=True)
class Attention(Layer):
    """softmax(scale * query key^T + mask) value for each head, its numbers next to each other in each row.

    Inputs: query [N, T, C], key [N, S, C], value [N, S, D]. Output [N, T, D].
    Blob: the mask, [N or 1, heads or 1, T, S], if there is one.
    """

    type = "Attention"
    heads: int
    scale: float = 1.0

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape] | None:
        return [(*shapes[0][:2], shapes[2][2])]

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        split = (f"{{{i}}}.unflatten(2, ({self.heads}, -1)).transpose(1, 2)" for i in range(3))
        mask = ", attn_mask={mask}" if blobs else ""
        call = f"F.scaled_dot_product_attention({', '.join(split)}{mask}, scale={number(self.scale)})"
        return Source(expr=f"{call}.transpose(1, 2).flatten(2)", state={"mask": blobs[0]} if blobs else {})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """By SDPA where the target has it; else as `_lower_plain`."""
        sdpa, shapes = SDPA(self.scale), [self._of_heads(value.shape) for value in inputs]
        masks = [self._mask_of_heads(mask, shapes[0][0]) for mask in blobs]
        if not net.takes(sdpa, *(Value("", shape) for shape in (*shapes, *(mask.shape for mask in masks)))):
            return self._lower_plain(net, inputs, blobs)
        heads = [self._split(net, value, name) for value, name in zip(inputs, ("query", "key", "value"), strict=True)]
        y = net.add(sdpa, *heads, *masks, name="sdpa")
        rows = net.add(Permute((0, 2, 1, 3)), y, name="rows")
        return reshape_to(net, rows, (*rows.shape[:2], rows.shape[2] * rows.shape[3]))

    def _of_heads(self, shape: Shape) -> Shape:
        return shape[0], self.heads, shape[1], shape[2] // self.heads

    def _split(self, net: Lowering, value: Value, name: str) -> Value:
        """[N, T, H C] as [N, H, T, C]."""
        n, h, t, c = self._of_heads(value.shape)
        return net.add(Permute((0, 2, 1, 3)), reshape_to(net, value, (n, t, h, c), f"{name}_heads"), name=name)

    def _mask_of_heads(self, mask: np.ndarray, samples: int) -> np.ndarray:
        """The mask once, or for each sample and head."""
        if mask.shape[:2] == (1, 1):
            return mask
        return np.ascontiguousarray(np.broadcast_to(mask, (samples, self.heads, *mask.shape[2:])))

    def _lower_plain(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """Every query times every key, number by number, [N, T, S, C]; an InnerProduct adds those of each head.

        Nothing is transposed, and the first axis stays the first. The blobs are as large as those of a MatMul.
        """
        query, key, value = inputs
        (batch, targets, size), (_, sources, width) = query.shape, value.shape
        refuse_large(query.shape, key.shape, batch * targets * sources * max(size, width))
        row = reshape_to(net, query, (batch, targets, 1, size), "row")
        queries = net.add(Tile(2, sources), row, name="queries") if sources > 1 else row
        products = net.add(Eltwise("PROD"), queries, _for_each(net, key, targets, "keys"), name="products")
        of_head = np.repeat(np.eye(self.heads, dtype=np.float32), size // self.heads, axis=1)
        scores = net.add(InnerProduct(self.heads, False, 3), products, blobs=[self.scale * of_head], name="scores")
        for mask in blobs:
            blob = np.ascontiguousarray(np.broadcast_to(mask, (*mask.shape[:1], *_rest(scores))).transpose(0, 2, 3, 1))
            scores = net.add(Bias(0, 4) if len(blob) > 1 else Bias(1, 3), scores, blobs=[_shaped(blob)], name="masked")
        softmax = net.add(Softmax(2), scores, name="softmax")
        return weighted_rows(net, softmax, value)


def weighted_rows(net: Lowering, weights: Value, value: Value) -> Value:
    """The rows of value [N, S, D] summed by the weights of each target and head, [N, T, S, heads]: [N, T, D]."""
    (n, targets, _, heads), width = weights.shape, value.shape[2]
    to_head = np.repeat(np.eye(heads, dtype=np.float32), width // heads, axis=0)
    each = net.add(InnerProduct(width, False, 3), weights, blobs=[to_head], name="weights")
    weighted = net.add(Eltwise("PROD"), each, _for_each(net, value, targets, "values"), name="weighted")
    return reshape_to(net, sum_of_rows(net, weighted), (n, targets, width), "rows")


def _rest(scores: Value) -> Shape:
    """The shape of a mask for one sample, from that of the scores, [N, T, S, heads]."""
    return scores.shape[3], scores.shape[1], scores.shape[2]


def _shaped(blob: np.ndarray) -> np.ndarray:
    return blob if len(blob) > 1 else blob[0]


def _for_each(net: Lowering, x: Value, targets: int, name: str) -> Value:
    """The rows [N, S, C] copied for each target: [N, T, S, C]."""
    rows = reshape_to(net, x, (x.shape[0], 1, *x.shape[1:]), name)
    return net.add(Tile(1, targets), rows, name=name) if targets > 1 else rows
