"""Reshape: the same numbers in another shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import SHAPE, Ncnn
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.onnx_rules import constant_input, from_onnx
from ...graph.registry import LAYERS, Layer, Source, from_ir, from_torch, layer, unpacked


@layer("Reshape", param="reshape_param")
class Reshape(Layer):
    """The same numbers in another shape. In `shape` 0 copies the input's dimension, -1 is inferred.

    Only the num_axes axes from `axis` on are replaced (-1: all of them).  Source: BVLC Caffe, reshape_layer.cpp.
    """

    legacy_name = "view"
    moves_data = True
    in_place = True

    shape: tuple[int, ...]
    axis: int = 0
    num_axes: int = -1

    def shares_memory(self, inputs: int, outputs: int) -> bool:
        return True

    def to_caffe(self) -> dict[str, Any]:
        settings: dict[str, Any] = {"shape": {"dim": list(self.shape)}}
        settings |= {"axis": self.axis} if self.axis else {}
        return settings | ({"num_axes": self.num_axes} if self.num_axes != -1 else {})

    @classmethod
    def from_caffe(cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Layer:
        dims = param.get("shape", {}).get("dim", [])
        return cls(tuple(dims), param.get("axis", 0), param.get("num_axes", -1))

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        rank = len(shapes[0])
        start = self.axis if self.axis >= 0 else rank + self.axis + 1
        end = rank if self.num_axes == -1 else start + self.num_axes
        if not 0 <= start <= end <= rank:
            raise Refused(f"Reshape of axes {start} to {end} of {rank}", "choose axis and num_axes within the input")
        dims = [*((0,) * start), *self.shape, *((0,) * (rank - end))]
        sources = [*range(start), *range(start, start + len(self.shape)), *range(end, rank)]
        texts = [f"{{0}}.shape[{s}]" if d == 0 else str(d) for d, s in zip(dims, sources, strict=True)]
        return Source(expr=f"{{0}}.reshape({', '.join(texts) if texts else '()'})")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """As Flatten, where it flattens, for consumers that have only that."""
        (x,) = inputs
        (shape,) = net.infer(self, [x.shape], ())
        flatten = LAYERS["Flatten"]()
        if len(x.shape) > 2 and tuple(shape) == (x.shape[0], math.prod(x.shape[1:])) and net.takes(flatten, x):
            return net.add(flatten, x)
        return net.add(self, x)  # raises what the target lacks

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        (x,) = inputs
        rank = len(x.shape)
        start = self.axis if self.axis >= 0 else rank + self.axis + 1
        end = rank if self.num_axes == -1 else start + self.num_axes
        dims = [x.shape[start + i] if size == 0 else size for i, size in enumerate(self.shape)]
        shape = [*x.shape[:start], *dims, *x.shape[end:]]
        if -1 in shape:
            shape[shape.index(-1)] = math.prod(x.shape) // -math.prod(shape)
        return net.reshape(x, shape)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn(SHAPE)


def with_batch_copied(before: Shape, after: Shape) -> Shape:
    """The dimensions of a Reshape from `before` to `after`: 0 for a first axis that stays, so that the batch is open.

    >>> with_batch_copied((2, 3, 4), (2, 12)), with_batch_copied((2, 3), (3, 2))
    ((0, 12), (3, 2))
    """
    return (0, *after[1:]) if before and after and before[0] == after[0] else tuple(after)


def reshape_to(net: Builder, input: Operand, shape: Sequence[int], name: str = "", rest: int | None = None) -> Any:
    """The value, or constant, in another shape.

    An unchanged first axis is written as 0, so that the batch stays open; or the axis `rest` as -1.
    """
    shape = tuple(shape)
    if isinstance(input, np.ndarray):
        return input.reshape(shape)
    if shape == input.shape and not rest:
        return input
    dims = list(shape if rest else with_batch_copied(input.shape, shape))
    if rest is not None and dims[rest] != 0:
        dims[rest] = -1
    return net.add(Reshape(tuple(dims)), input, name=name)


def with_batch(net: Builder, rank: int, input: Value) -> tuple[Value, bool]:
    """A value of `rank` spatial axes with a batch axis, and whether that was added."""
    if len(input.shape) == rank + 2:
        return input, False
    return reshape_to(net, input, (1, *input.shape)), True


def drop_batch(net: Builder, output: Value, added: bool) -> Value:
    """The value without its batch axis, if `with_batch` added one."""
    return reshape_to(net, output, output.shape[1:]) if added else output


@from_torch("torch.reshape", "torch.Tensor.reshape")
def reshape(net: Builder, input: Value, *sizes: int | Sequence[int], shape: Sequence[int] = ()) -> Value:
    """To `sizes`, or `shape` by keyword; one of them may be -1: as many as the other sizes leave."""
    dims = [int(d) for d in unpacked(sizes or shape)]
    if -1 in dims:
        known = -math.prod(dims)
        dims[dims.index(-1)] = math.prod(input.shape) // known if known else 0
    return reshape_to(net, input, dims)


@from_torch("torch.Tensor.reshape_as")
def reshape_as(net: Builder, input: Value, other: Operand) -> Value:
    return reshape_to(net, input, other.shape)


@from_torch("torch.ravel", "torch.Tensor.ravel")
def ravel(net: Builder, input: Value) -> Value:
    return reshape_to(net, input, (math.prod(input.shape),))


@from_ir("Reshape")
def ir_reshape(net: Builder, node: IrOperator, input: Value, *shape: np.ndarray) -> Value:
    """In IR that was parsed from Caffe the numbers and the sizes are in Caffe's order."""
    count = math.prod(input.shape)
    dims = node.integers("shape") if "shape" in node else [int(d) for d in np.ravel(shape[0])]
    sizes = _inferred(dims, count, input.shape[0] if input.shape else 1)
    if node.source == "caffe":
        return reshape_to(net, input, sizes)
    return node.reshaped(input, sizes, node.open_axis())


def _inferred(dims: Sequence[int], count: int, batch: int) -> Shape:
    """The shape with its -1 computed; a leading 0 is the batch, and so is the first of two -1."""
    dims = [batch if index == 0 and size == 0 else size for index, size in enumerate(dims)]
    if dims.count(-1) > 1 and dims[0] == -1:
        dims[0] = batch
    known = math.prod(size for size in dims if size != -1)
    if dims.count(-1) == 1 and known > 0 and count % known == 0:
        dims[dims.index(-1)] = count // known
    if math.prod(dims) != count or min(dims, default=1) < 0:
        raise Refused(f"Reshape of {count} numbers to {dims}", "correct its shape")
    return tuple(dims)


MOST_AXES = 16


@from_onnx("Reshape")
def onnx_reshape(net: Builder, data: Value, shape: Any = None, *, allowzero: int = 0) -> Value:
    """A size 0 is that of the input, unless allowzero."""
    sizes = [int(size) for size in np.ravel(constant_input(shape, "the shape of Reshape"))]
    if not allowzero:
        sizes = [data.shape[axis] if size == 0 else size for axis, size in enumerate(sizes)]
    if len(sizes) > MOST_AXES:
        raise Refused(f"Reshape to {len(sizes)} axes", f"use at most {MOST_AXES}")
    return reshape_to(net, data, _inferred(sizes, math.prod(data.shape), 0))
