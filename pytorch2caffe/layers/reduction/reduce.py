"""Mean, sum, maximum and minimum over axes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import SHAPE, Ncnn, along, replaced
from ...graph.bounds import affine, hull
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.registry import Bounds, Layer, Source, axes_of, from_ir, from_torch, layer
from ..elementwise.arithmetic import arithmetic
from ..elementwise.power import Power
from ..pooling.pooling import Pooling
from ..shape.reshape import reshape_to

TORCH = {"mean": "mean", "sum": "sum", "max": "amax", "min": "amin"}
NCNN = {"sum": 0, "mean": 3, "max": 4, "min": 5}
MOST_AT_ONCE = 1 << 12  # Caffe adds up one by one in float32: beyond, rows first, and then their sums


@layer("Reduce")
class Reduce(Layer):
    """operation (mean, sum, max, min) over the axes dims; they stay with size 1 if keepdim."""

    operation: str
    dims: tuple[int, ...]
    keepdim: bool = False

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        if self.operation != "sum":
            return hull(inputs)
        return affine(inputs[0], prod(shapes[0][axis] for axis in self.dims), 0.0)

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        keep = ", keepdim=True" if self.keepdim else ""
        return Source(expr=f"{{0}}.{TORCH[self.operation]}({self.dims}{keep})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """The reduced axes stay with size 1 and are then shaped away."""
        dims = [dim for dim in self.dims if shapes[0][dim] != 1]
        if not dims:
            return Ncnn(SHAPE)
        seen, axes = along(shapes[0], *dims)
        params = {0: NCNN[self.operation], 1: 0, 3: axes, 4: 1, 5: 1}
        return Ncnn("Reduction", params, (), (seen,), (replaced(seen, axes, 1),))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """One Pooling over each run of neighbouring axes, seen as the height of a picture."""
        (x,) = inputs
        shape = [1 if i in self.dims else d for i, d in enumerate(x.shape)]
        kept = shape if self.keepdim else [d for i, d in enumerate(x.shape) if i not in self.dims]
        count = prod(x.shape[i] for i in self.dims)
        if self.operation == "min":
            x = net.add(Power(scale=-1.0), x, name="minus")
        for start, stop in _runs(self.dims):
            x = _pool(net, x, start, stop, "MAX" if self.operation in ("max", "min") else "AVE")
        if self.operation == "min":
            x = net.add(Power(scale=-1.0), x, name="min")
        if self.operation == "sum":
            x = net.add(Power(scale=float(count)), x, name="sum")
        return reshape_to(net, x, kept, "reduced")

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        (x,) = inputs
        name = {"mean": "ReduceMean", "sum": "Sum", "max": "Max", "min": "Min"}[self.operation]
        shape = [1 if axis in self.dims else size for axis, size in enumerate(x.shape)]
        left = [size for axis, size in enumerate(x.shape) if axis not in self.dims]
        places = [net.axis(x, axis) for axis in range(len(x.shape)) if axis not in self.dims]
        go = not self.keepdim and places == sorted(places) and len(left) < 4
        axes = sorted(net.axis(x, axis) for axis in self.dims)
        y = net.op(name, x, shape=left if go else shape, axes=axes, keepdims=not go)
        return y if go or self.keepdim else net.reshape(y, left)


def _runs(dims: Sequence[int]) -> Any:
    """Neighbouring axes together, the last run first: (1, 2, 4) -> [(4, 5), (1, 3)]."""
    runs = []
    for dim in sorted(dims):
        if runs and runs[-1][1] == dim:
            runs[-1][1] = dim + 1
        else:
            runs.append([dim, dim + 1])
    return runs[::-1]


def _pool(net: Builder, x: Value, start: Any, stop: Any, method: str) -> Any:
    shape = x.shape
    after = [1] * (stop - start) + list(shape[stop:])
    if len(shape) == 4 and start == 2 and stop == 4 and shape[2] * shape[3] > MOST_AT_ONCE:
        return _pool(net, _pool(net, x, 3, 4, method), 2, 3, method)
    if len(shape) == 4 and start >= 2:
        return net.add(
            Pooling(method, *(s if start <= i < stop else 1 for i, s in enumerate(shape) if i > 1)), x, name="pool"
        )
    middle = prod(shape[1:start]) if start else 1
    first = shape[0] if start else 1
    flat = reshape_to(net, x, (first, middle, prod(shape[start:stop]), prod(shape[stop:])), "flat")
    pooled = net.add(Pooling(method, flat.shape[2], 1), flat, name="pool")
    return reshape_to(net, pooled, (*shape[:start], *after), "pooled")


def reduce(net: Builder, operation: str, input: Value, dim: int, keepdim: bool) -> Any:
    """A Reduce over dim: an axis, several, or None or () for all."""
    dims = axes_of(dim, len(input.shape))
    return net.add(Reduce(operation, dims, bool(keepdim)), input) if dims else input


@from_torch("torch.mean", "torch.Tensor.mean")
def mean(net: Builder, input: Value, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    return reduce(net, "mean", input, dim, keepdim)


@from_torch("torch.sum", "torch.Tensor.sum")
def sum(net: Builder, input: Value, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    return reduce(net, "sum", input, dim, keepdim)


@from_torch("torch.amax", "torch.Tensor.amax")
def amax(net: Builder, input: Value, dim: Any = (), keepdim: bool = False) -> Any:
    return reduce(net, "max", input, dim, keepdim)


@from_torch("torch.amin", "torch.Tensor.amin")
def amin(net: Builder, input: Value, dim: Any = (), keepdim: bool = False) -> Any:
    return reduce(net, "min", input, dim, keepdim)


def _extreme(net: Builder, operation: str, input: Value, dim: int, keepdim: bool) -> Any:
    """torch.max's three forms: of two tensors, of a whole tensor, along an axis (values and places)."""
    if isinstance(dim, int) and not isinstance(dim, bool):
        from .arg_max import argmax, argmin

        places = (argmax if operation == "max" else argmin)(net, input, dim, keepdim)
        return [reduce(net, operation, input, dim, keepdim), places]
    if dim is None:
        return reduce(net, operation, input, None, False)
    if not isinstance(dim, Value) and not hasattr(dim, "shape"):
        raise Refused(f"{operation} with {type(dim).__name__}", "give an axis or a second tensor")
    return arithmetic(net, operation, input, dim)


@from_torch("torch.max", "torch.Tensor.max")
def max(net: Builder, input: Value, dim: Any = None, keepdim: bool = False, *, other: Operand | None = None) -> Any:
    return _extreme(net, "max", input, dim if other is None else other, keepdim)


@from_torch("torch.min", "torch.Tensor.min")
def min(net: Builder, input: Value, dim: Any = None, keepdim: bool = False, *, other: Operand | None = None) -> Any:
    return _extreme(net, "min", input, dim if other is None else other, keepdim)


def _axes(node: IrOperator, input: Value) -> Any:
    """The axes of the Graph; files of frozen graphs call them otherwise, and some lose them."""
    key = next((key for key in ("axes", "axis", "sum_indices", "reduction_indices") if key in node), None)
    if key is None:
        raise Refused(f"{node.op} without its axes", "the file does not hold them; set axes")
    axes = [node.axis(input, axis) for axis in node.integers(key)]
    if len(set(axes)) != len(axes):
        raise Refused(f"{node.op} over the same axis twice")
    return axes


def _keeps(node: IrOperator, input: Value, axes: Any) -> Any:
    """Whether axes stay, with size 1: where the file does not say, by how many axes it says that the output has."""
    if "keepdims" in node or "keep_dims" in node:
        return node.flag("keepdims" if "keepdims" in node else "keep_dims")
    shape = node.output_shape()
    return shape is not None and len(shape) == len(input.shape)


def ir_reduce(net: Builder, node: IrOperator, input: Value, operation: str) -> Any:
    """operation(tensor, axes, True) along the axes that the node names; they go unless it keeps them."""
    axes = _axes(node, input)
    keep = _keeps(node, input, axes)
    y = operation(input, tuple(axes), True)
    if keep or not axes:
        return y
    left = [size for axis, size in enumerate(node.shape(input)) if node.axis(input, axis) not in axes]
    return node.reshaped(y, left)


@from_ir("ReduceMean", "Mean")
def ir_mean(net: Builder, node: IrOperator, input: Value) -> Any:
    return ir_reduce(net, node, input, lambda x, axes, keep: reduce(net, "mean", x, axes, keep) if axes else x)


@from_ir("Sum", "ReduceSum")
def ir_sum(net: Builder, node: IrOperator, input: Value) -> Any:
    return ir_reduce(net, node, input, lambda x, axes, keep: reduce(net, "sum", x, axes, keep) if axes else x)


@from_ir("Max", "ReduceMax")
def ir_max(net: Builder, node: IrOperator, input: Value, *more: Any) -> Any:
    """Of one tensor along axes, or, as Caffe's parser has it, of several number by number."""
    if more:
        a, *rest = node.aligned(input, *more)
        for b in rest:
            a = arithmetic(net, "max", a, b)
        return a
    return ir_reduce(net, node, input, lambda x, axes, keep: reduce(net, "max", x, axes, keep) if axes else x)


@from_ir("Min", "ReduceMin")
def ir_min(net: Builder, node: IrOperator, input: Value) -> Any:
    return ir_reduce(net, node, input, lambda x, axes, keep: reduce(net, "min", x, axes, keep) if axes else x)
