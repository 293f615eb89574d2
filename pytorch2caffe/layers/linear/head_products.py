"""Products of the heads of tokens in rows, as linear attention has them: no axis is moved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer
from ..convolution.convolution import Convolution
from ..convolution.deconvolution import Deconvolution
from ..elementwise.scale import Scale
from ..shape.reshape import reshape_to
from ..shape.tile import Tile
from .matmul import refuse_large


@layer("HeadSums")
class HeadSums(Layer):
    """For each head, the sum over the tokens of one number of key times one of value.

    Inputs: key [N, S, H, D], value [N, S, H, E]. Output [N, H, D, E].
    """

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="torch.einsum('nshd,nshe->nhde', {0}, {1})")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """All products, [N, S, H D, E]: each row of value D times, by a depthwise Deconvolution; then their sums."""
        key, value = inputs
        (n, tokens, heads, size), width = key.shape, value.shape[3]
        refuse_large(key.shape, value.shape, n * tokens * heads * size * width)
        spreading = Deconvolution(tokens, (size, 1), (size, 1), group=tokens, bias_term=False)
        ones = np.ones((tokens, 1, size, 1), np.float32)
        rows = net.add(spreading, value, blobs=[ones], name="rows") if size > 1 else value
        factor = reshape_to(net, key, (n, tokens, heads * size), "key")
        products = net.add(Scale(0), rows, factor, name="products")
        adding = Convolution(1, (1, 1), bias_term=False)
        sums = net.add(adding, products, blobs=[np.ones((1, tokens, 1, 1), np.float32)], name="sum")
        return reshape_to(net, sums, (n, heads, size, width), "heads")


@layer("HeadProducts")
class HeadProducts(Layer):
    """For each head, the tokens times a matrix.

    Inputs: query [N, L, H, D], matrix [N, H, D, E]. Output [N, L, H, E].
    """

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="torch.einsum('nlhd,nhde->nlhe', {0}, {1})")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """All products, [N, L, H D, E]; then a depthwise Convolution of ones adds the D of each head."""
        query, matrix = inputs
        (n, tokens, heads, size), width = query.shape, matrix.shape[3]
        refuse_large(query.shape, matrix.shape, n * tokens * heads * size * width)
        rows = reshape_to(net, matrix, (n, 1, heads * size, width), "matrix")
        rows = net.add(Tile(1, tokens), rows, name="rows") if tokens > 1 else rows
        factor = reshape_to(net, query, (n, tokens, heads * size), "query")
        products = net.add(Scale(0), rows, factor, name="products")
        if size == 1:
            return products
        adding = Convolution(tokens, (size, 1), (size, 1), group=tokens, bias_term=False)
        return net.add(adding, products, blobs=[np.ones((tokens, 1, size, 1), np.float32)])
