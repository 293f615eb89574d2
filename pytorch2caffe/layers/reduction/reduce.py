"""Mean, sum, maximum and minimum over axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import SHAPE, Ncnn, along, replaced
from ...graph.bounds import affine
from ...graph.builder import Builder
from ...graph.graph import Shape, Value, fix_axes
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.registry import Bounds, Dims, Layer, Source, axes_of, hull, layer
from ..convolution.convolution import Convolution
from ..elementwise.eltwise import Eltwise
from ..elementwise.power import Power
from ..pooling.pooling import Pooling
from ..shape.concat import Concat
from ..shape.reshape import Reshape, reshape_to
from ..shape.slice import slice_at

TORCH = {"mean": "mean", "sum": "sum", "max": "amax", "min": "amin"}
NCNN = {"sum": 0, "mean": 3, "max": 4, "min": 5}
MOST_SLICES = 16  # outputs of one layer that consumers of Caffe files accept
ROWS = Reshape((-1, 1), 1, 2)  # [N, C, H, W] to [N, C * H, 1, W]
MOST_AT_ONCE = 1 << 12  # Caffe sums in float32 one by one; larger windows are reduced along the rows first


@layer("Reduce")
class Reduce(Layer):
    """`operation` (mean, sum, max, min) over the axes dims, counted from 0; they stay with size 1 if keepdim."""

    operation: str
    dims: tuple[int, ...]
    keepdim: bool = False

    def gives_integers(self, inputs: Sequence[bool], blobs: Sequence[np.ndarray]) -> bool:
        return all(inputs) and self.operation != "mean"

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        if self.operation != "sum":
            return hull(inputs)
        return affine(inputs[0], prod(shapes[0][axis] for axis in self.dims), 0.0)

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        keep = ", keepdim=True" if self.keepdim else ""
        return Source(expr=f"{{0}}.{TORCH[self.operation]}({self.dims}{keep})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """The reduced axes stay with size 1; a Reshape removes them."""
        dims = [dim for dim in self.dims if shapes[0][dim] != 1]
        if not dims:
            return Ncnn(SHAPE)
        seen, axes = along(shapes[0], *dims)
        params = {0: NCNN[self.operation], 1: 0, 3: axes, 4: 1, 5: 1}
        return Ncnn("Reduction", params, (), (seen,), (replaced(seen, axes, 1),))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """One Pooling for each run of neighbouring axes, reshaped to the height of an image."""
        (x,) = inputs
        shape = [1 if i in self.dims else d for i, d in enumerate(x.shape)]
        output = shape if self.keepdim else [d for i, d in enumerate(x.shape) if i not in self.dims]
        count = prod(x.shape[i] for i in self.dims)
        if self.operation == "min":
            x = net.add(Power(scale=-1.0), x, name="minus")
        if self.dims == (1,) and len(x.shape) == 4 and self.operation in ("mean", "sum"):
            return reshape_to(net, _over_channels(net, x, self.operation), output, "reduced")
        channels = self.dims == (1,) and len(x.shape) == 4 and net.takes(Eltwise("MAX"), x, x)
        x = _largest_channel(net, x) if channels else x
        if self.dims == (3,) and self.operation != "sum" and net.takes(ROWS, x):
            return self._of_rows(net, x, output)
        for start, stop in _runs(self.dims) if not channels else ():
            x = _pool(net, x, start, stop, "MAX" if self.operation in ("max", "min") else "AVE")
        if self.operation == "min":
            x = net.add(Power(scale=-1.0), x, name="min")
        if self.operation == "sum":
            inputs[0].fixed |= set(self.dims)
            x = net.add(Power(scale=float(count)), x, name="sum")
        return reshape_to(net, x, output, "reduced")

    def _of_rows(self, net: Lowering, x: Value, output: Sequence[int]) -> Value:
        """Of each row of [N, C, H, W], for every size and batch: global pooling of [N, C * H, 1, W]."""
        method = "AVE" if self.operation == "mean" else "MAX"
        y = net.add(Pooling(method, global_pooling=True), net.add(ROWS, x, name="rows"), name="pool")
        if self.operation == "min":
            y = net.add(Power(scale=-1.0), y, name="min")
        return net.add(Reshape((0, x.shape[1], -1, *output[3:])), y)

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        (x,) = inputs
        name = {"mean": "ReduceMean", "sum": "Sum", "max": "Max", "min": "Min"}[self.operation]
        shape = [1 if axis in self.dims else size for axis, size in enumerate(x.shape)]
        left = [size for axis, size in enumerate(x.shape) if axis not in self.dims]
        kept = [net.axis(x, axis) for axis in range(len(x.shape)) if axis not in self.dims]
        drops = not self.keepdim and kept == sorted(kept) and len(left) < 4
        axes = sorted(net.axis(x, axis) for axis in self.dims)
        y = net.op(name, x, shape=left if drops else shape, axes=axes, keepdims=not drops)
        return y if drops or self.keepdim else net.reshape(y, left)


def _runs(dims: Sequence[int]) -> list[list[int]]:
    """Runs of neighbouring axes as [start, stop), the last run first: (1, 2, 4) -> [[4, 5], [1, 3]]."""
    runs: list[list[int]] = []
    for dim in sorted(dims):
        if runs and runs[-1][1] == dim:
            runs[-1][1] = dim + 1
        else:
            runs.append([dim, dim + 1])
    return runs[::-1]


def _pool(net: Builder, x: Value, start: int, stop: int, method: str) -> Value:
    """The mean (AVE) or maximum (MAX) over the axes [start, stop), which stay with size 1."""
    shape = x.shape
    after = [1] * (stop - start) + list(shape[stop:])
    if len(shape) == 4 and start == 2 and stop == 4 and shape[2] * shape[3] > MOST_AT_ONCE:
        return _pool(net, _pool(net, x, 3, 4, method), 2, 3, method)
    if len(shape) == 4 and start == 2 and stop == 4:
        return net.add(Pooling(method, global_pooling=True), x, name="pool")
    if len(shape) == 4 and start >= 2:
        height, width = (size if start <= axis < stop else 1 for axis, size in enumerate(shape) if axis > 1)
        fix_axes(x, set(range(start, stop)))
        return net.add(Pooling(method, height, width), x, name="pool")
    middle = prod(shape[1:start]) if start else 1
    first = shape[0] if start else 1
    flat = reshape_to(net, x, (first, middle, prod(shape[start:stop]), prod(shape[stop:])), "flat")
    whole = flat.shape[3] == 1 and flat.shape[2] <= MOST_AT_ONCE
    fix_axes(flat, set() if whole else {2})
    layer = Pooling(method, global_pooling=True) if whole else Pooling(method, flat.shape[2], 1)
    pooled = net.add(layer, flat, name="pool")
    return reshape_to(net, pooled, (*shape[:start], *after), "pooled")


def _over_channels(net: Builder, x: Value, operation: str) -> Value:
    """The mean or the sum over the channels of [N, C, H, W], [N, 1, H, W]: a convolution, for every size and batch."""
    channels = x.shape[1]
    weight = np.full((1, channels, 1, 1), 1 / channels if operation == "mean" else 1.0, np.float32)
    return net.add(Convolution(1, (1, 1), bias_term=False), x, blobs=[weight], name=operation)


def _largest_channel(net: Builder, x: Value) -> Value:
    """The maximum over the channels of [N, C, H, W], [N, 1, H, W], of up to 16 slices at a time: for every size."""
    while (channels := x.shape[1]) > 1:
        count = min(channels, MOST_SLICES)
        size = channels // count
        points = [size * i for i in range(1, count + bool(channels % count))]
        parts = slice_at(net, x, 1, points, "channels", any_size=True)
        x = net.add(Eltwise("MAX"), *parts[:count], name="max")
        x = net.add(Concat(1), x, parts[count], name="left") if parts[count:] else x
    return x


def reduce(net: Builder, operation: str, input: Value, dim: Dims, keepdim: bool) -> Value:
    """Adds a Reduce with `operation` (mean, sum, max, min) over `dim`; returns a scalar as it is."""
    dims = axes_of(dim, len(input.shape))
    return net.add(Reduce(operation, dims, bool(keepdim)), input) if dims else input


def _axes(node: IrOperator, input: Value) -> list[int]:
    """The axes of the Graph that the operator reduces; files of frozen graphs name them differently or omit them."""
    key = next((key for key in ("axes", "axis", "sum_indices", "reduction_indices") if key in node), None)
    if key is None:
        raise Refused(f"{node.op} without its axes", "set the attribute axes, which the file does not have")
    axes = [node.axis(input, axis) for axis in node.integers(key)]
    if len(set(axes)) != len(axes):
        raise Refused(f"{node.op} over the same axis twice", "list each axis once")
    return axes


def _keeps(node: IrOperator, input: Value) -> bool:
    """Whether reduced axes stay with size 1; without an attribute for it, the number of axes of the output decides."""
    if "keepdims" in node or "keep_dims" in node:
        return node.flag("keepdims" if "keepdims" in node else "keep_dims")
    shape = node.output_shape()
    return shape is not None and len(shape) == len(input.shape)


def ir_reduce(node: IrOperator, input: Value, over: Callable[[Value, tuple[int, ...]], Value]) -> Value:
    """A reduction over the axes that the operator names, which are dropped unless it keeps them.

    over(tensor, axes): adds the reduction; its result has the axes with size 1.
    """
    axes = _axes(node, input)
    keep = _keeps(node, input)
    y = over(input, tuple(axes))
    if keep or not axes:
        return y
    left = [size for axis, size in enumerate(node.shape(input)) if node.axis(input, axis) not in axes]
    return node.reshaped(y, left)


def drop_axes(net: Builder, x: Value, dims: Sequence[int], keepdim: bool) -> Value:
    """`x` without the axes dims, which are of size 1; as it is if keepdim."""
    return x if keepdim else reshape_to(net, x, [d for i, d in enumerate(x.shape) if i not in dims])
