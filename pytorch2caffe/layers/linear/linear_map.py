"""LinearMap: a constant matrix along one axis, for selection, flips, rolls, resampling and cumulative sums."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...graph.bounds import are_integers, weighted_sums
from ...graph.builder import Builder
from ...graph.graph import Shape, Value, fix_axes
from ...graph.lowering import Lowering
from ...graph.registry import Bounds, Layer, Source, layer
from ..convolution.convolution import Convolution
from ..convolution.deconvolution import Deconvolution
from ..shape.reshape import reshape_to
from .inner_product import InnerProduct

MOST_REPEATED = 1 << 18  # 1 MB: beyond that the matrix is written once
MOST_WEIGHTS = 1 << 24  # 64 MB


@layer("LinearMap")
class LinearMap(Layer):
    """Along `axis`, y = matrix x. Blob: matrix [out, in]."""

    axis: int
    out: int

    def blob_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        return [(self.out, shapes[0][self.axis])]

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        return weighted_sums(inputs[0], blobs[0])

    def gives_integers(self, inputs: Sequence[bool], blobs: Sequence[np.ndarray]) -> bool:
        return all(inputs) and are_integers(blobs[0])

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        moved = f"F.linear({{0}}.movedim({self.axis}, -1), {{weight}}).movedim(-1, {self.axis})"
        return Source(expr=moved, state={"weight": blobs[0]}, fixed=True)

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """On the last axis an InnerProduct; on any other a 1x1 Convolution with that axis as its channels."""
        (x,), (matrix,) = inputs, blobs
        if matrix.size > MOST_WEIGHTS:
            raise Refused(f"a matrix of {matrix.size} numbers, more than {MOST_WEIGHTS}", "use a smaller input")
        rank = len(x.shape)
        if self.axis == rank - 1 and rank > 1:
            return net.add(InnerProduct(self.out, False, self.axis), x, blobs=[matrix])
        if rank == 4 and self.axis == 2 and x.shape[1] > 1:
            return self._lower_rows(net, x, matrix)
        before, after = prod(x.shape[: self.axis]), prod(x.shape[self.axis + 1 :])
        shape = x.shape if rank == 4 and self.axis == 1 else (before, x.shape[self.axis], after, 1)
        convolution = Convolution(self.out, (1, 1), bias_term=False)
        y = net.add(convolution, reshape_to(net, x, shape, "flat"), blobs=[matrix[:, :, None, None]], name="map")
        return reshape_to(net, y, (*x.shape[: self.axis], self.out, *x.shape[self.axis + 1 :]), "mapped")

    def _lower_rows(self, net: Lowering, x: Value, matrix: np.ndarray) -> Value:
        """Of the rows of [N, C, H, W], so that the first axis stays, in a batch of any size.

        before: x[N, C, H, W] -> LinearMap(axis 2) -> y[N, C, H', W]
        after:  x -> Convolution(C groups of H' filters, kernel (H, 1)) -> [N, C * H', 1, W] -> Reshape -> y
        or, for large matrices:
                x -> Reshape[N, 1, C * H, W] -> Convolution(H' filters, kernel and stride (H, 1)) -> [N, H', C, W]
                  -> Deconvolution(identity, kernel and stride (H', 1)) -> [N, 1, C * H', W] -> Reshape -> y
        """
        n, channels, rows, columns = x.shape
        fix_axes(x, {2})
        each = Convolution(channels * self.out, (rows, 1), group=channels, bias_term=False)
        kernel = matrix[:, None, :, None]
        if channels * matrix.size <= MOST_REPEATED:
            y = net.add(each, x, blobs=[np.tile(kernel, (channels, 1, 1, 1))], name="map")
            return reshape_to(net, y, (n, channels, self.out, columns), "mapped")
        below = reshape_to(net, x, (n, 1, channels * rows, columns), "below")
        y = net.add(Convolution(self.out, (rows, 1), (rows, 1), bias_term=False), below, blobs=[kernel], name="map")
        identity = np.eye(self.out, dtype=np.float32)[:, None, :, None]
        write = Deconvolution(1, (self.out, 1), (self.out, 1), bias_term=False)
        y = net.add(write, y, blobs=[identity], name="rows")
        return reshape_to(net, y, (n, channels, self.out, columns), "mapped")

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        x, order = net.last(inputs[0], self.axis)
        shape = net.graph_shape((*x.ir_shape[:-1], self.out))
        y = net.op("FullyConnected", x, shape=shape, weights={"weights": blobs[0].T}, units=self.out, use_bias=False)
        return net.transpose(y, order)


def linear_map(net: Builder, x: Value, axis: int, matrix: np.ndarray, name: str = "") -> Value:
    """matrix [out, in] applied along an axis of x."""
    axis %= len(x.shape)
    return net.add(LinearMap(axis, len(matrix)), x, blobs=[np.asarray(matrix, np.float32)], name=name)
