"""A fixed linear map along one axis: selecting, flipping, rolling, resampling, summing up."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, axes_of, from_torch, layer
from ..convolution.convolution import Convolution
from ..indexing.strided_slice import crop, select
from ..shape.concat import Concat
from ..shape.reshape import reshape_to
from .inner_product import InnerProduct

MOST_WEIGHTS = 1 << 24  # 64 MB


@layer("LinearMap")
class LinearMap(Layer):
    """Along `axis`, y = matrix x. Blob: matrix [out, in]."""

    axis: int
    out: int

    def blob_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        return [(self.out, shapes[0][self.axis])]

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        moved = f"F.linear({{0}}.movedim({self.axis}, -1), {{weight}}).movedim(-1, {self.axis})"
        return Source(expr=moved, state={"weight": blobs[0]}, fixed=True)

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """On the last axis an InnerProduct; on any other a 1x1 Convolution that takes the axis for the channels."""
        (x,), (matrix,) = inputs, blobs
        if matrix.size > MOST_WEIGHTS:
            raise Refused(f"a matrix of {matrix.size} numbers, more than {MOST_WEIGHTS}", "use a smaller input")
        rank = len(x.shape)
        if self.axis == rank - 1 and rank > 1:
            return net.add(InnerProduct(self.out, False, self.axis), x, blobs=[matrix])
        before, after = prod(x.shape[: self.axis]), prod(x.shape[self.axis + 1 :])
        shape = x.shape if rank == 4 and self.axis == 1 else (before, x.shape[self.axis], after, 1)
        made = Convolution(self.out, (1, 1), bias_term=False)
        y = net.add(made, reshape_to(net, x, shape, "flat"), blobs=[matrix[:, :, None, None]], name="map")
        return reshape_to(net, y, (*x.shape[: self.axis], self.out, *x.shape[self.axis + 1 :]), "mapped")

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        x, order = net.last(inputs[0], self.axis)
        shape = net.graph_shape((*x.ir_shape[:-1], self.out))
        y = net.op("FullyConnected", x, shape=shape, weights={"weights": blobs[0].T}, units=self.out, use_bias=False)
        return net.transpose(y, order)


def linear_map(net: Builder, x: Value, axis: int, matrix: np.ndarray, name: str = "") -> Any:
    """matrix [out, in] applied along an axis of x."""
    axis %= len(x.shape)
    return net.add(LinearMap(axis, len(matrix)), x, blobs=[np.asarray(matrix, np.float32)], name=name)


def select_indices(net: Builder, x: Value, axis: int, indices: Any) -> Any:
    """x's positions `indices` along an axis: slices put together where they are few, else a selection matrix."""
    if not x.shape:
        return x
    axis %= len(x.shape)
    size = x.shape[axis]
    indices = [int(i) % size for i in indices]
    runs = [[indices[0], indices[0] + 1]]
    for index in indices[1:]:
        if index == runs[-1][1]:
            runs[-1][1] += 1
        else:
            runs.append([index, index + 1])
    if runs == [[0, size]]:
        return x
    if len(runs) <= 4:
        parts = [crop(net, x, {axis: tuple(run)}) for run in runs]
        return net.add(Concat(axis), *parts) if len(parts) > 1 else parts[0]
    return linear_map(net, x, axis, np.eye(size, dtype=np.float32)[indices])


@from_torch("torch.index_select", "torch.Tensor.index_select")
def index_select(net: Builder, input: Value, dim: int, index: Any) -> Any:
    if isinstance(index, Value) or not isinstance(input, Value):
        raise Refused("index_select with an index that depends on the input", "use a constant index")
    return select_indices(net, input, dim, np.ravel(index))


@from_torch("torch.gather", "torch.Tensor.gather")
def gather(net: Builder, input: Value, dim: int, index: Any, *, sparse_grad: bool = False) -> Any:
    """As index_select, where the index is the same all along the other axes and they are whole."""
    if isinstance(index, Value) or not isinstance(input, Value):
        raise Refused("gather with an index that depends on the input", "use a constant index")
    if not input.shape:
        return reshape_to(net, input, index.shape)
    dim %= len(input.shape)
    rows = np.moveaxis(index, dim, -1).reshape(-1, index.shape[dim])
    if (rows != rows[0]).any():
        raise Refused("gather with an index that differs along the other axes", "use torch.index_select")
    whole = [(0, size, 1) for size in (*index.shape[:dim], input.shape[dim], *index.shape[dim + 1 :])]
    return select_indices(net, select(net, input, whole), dim, rows[0])


@from_torch("torch.take_along_dim", "torch.Tensor.take_along_dim")
def take_along_dim(net: Builder, input: Value, indices: Operand, dim: Any = None) -> Any:
    if dim is None or isinstance(indices, Value):
        raise Refused("take_along_dim of a flat tensor, or by values", "use torch.index_select")
    shape = [d if i == dim % len(input.shape) else max(d, input.shape[i]) for i, d in enumerate(indices.shape)]
    return gather(net, input, dim, np.broadcast_to(indices, shape))


@from_torch("torch.diff", "torch.Tensor.diff")
def diff(net: Builder, input: Value, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Each number less the one before it, n times."""
    parts = [part for part in (prepend, input, append) if part is not None]
    if len(parts) > 1:
        values = [part if isinstance(part, Value) else net.constant(part) for part in parts]
        input = net.add(Concat(dim % len(values[0].shape)), *values, name="joined")
    size = input.shape[dim]
    return linear_map(net, input, dim, np.diff(np.eye(size, dtype=np.float32), n, axis=0)) if n else input


@from_torch("torch.flip", "torch.Tensor.flip")
def flip(net: Builder, input: Value, *places: Any, dims: Any = ()) -> Any:
    dims = places or dims
    dims = dims[0] if len(dims) == 1 and isinstance(dims[0], (tuple, list)) else dims
    x = input
    for dim in axes_of(tuple(dims), len(x.shape)) if dims else ():
        x = select_indices(net, x, dim, range(x.shape[dim] - 1, -1, -1))
    return x


@from_torch("torch.fliplr", "torch.Tensor.fliplr")
def fliplr(net: Builder, input: Value) -> Any:
    return flip(net, input, 1)


@from_torch("torch.flipud", "torch.Tensor.flipud")
def flipud(net: Builder, input: Value) -> Any:
    return flip(net, input, 0)


@from_torch("torch.roll", "torch.Tensor.roll")
def roll(net: Builder, input: Value, shifts: Any, dims: Any = None) -> Any:
    shifts = [shifts] if isinstance(shifts, int) else list(shifts)
    if dims is None or dims == ():
        flat = reshape_to(net, input, (prod(input.shape),), "flat")
        return reshape_to(net, roll(net, flat, shifts, (0,)), input.shape)
    x = input
    for shift, dim in zip(shifts, [dims] if isinstance(dims, int) else dims, strict=True):
        x = select_indices(net, x, dim, np.roll(np.arange(x.shape[dim]), shift))
    return x


@from_torch("torch.cumsum", "torch.Tensor.cumsum")
def cumsum(net: Builder, input: Value, dim: int, *, dtype: Any = None) -> Any:
    return linear_map(net, input, dim, np.tri(input.shape[dim], dtype=np.float32)) if input.shape else input
