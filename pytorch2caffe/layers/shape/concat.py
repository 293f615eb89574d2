"""Concatenation, and stacking, which concatenates along a new axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, along, replaced
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import Layer, Source, from_ir, from_torch, layer
from .reshape import reshape_to
from .squeeze import atleast_1d, atleast_2d, atleast_3d


@layer("Concat", param="concat_param")
class Concat(Layer):
    """The inputs one behind the other along `axis`.  Source: BVLC Caffe, concat_layer.cpp."""

    legacy_name = "cat"
    moves_data = True

    axis: int = 1

    def shares_memory(self, inputs: int, outputs: int) -> bool:
        return inputs == 1

    def may_be_overwritten(self, inputs: int) -> bool:
        return True

    @classmethod
    def from_caffe(cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Layer:
        return cls(param.get("axis", param.get("concat_dim", 1)))

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        inputs = ", ".join(f"{{{i}}}" for i in range(len(shapes)))
        inputs = f"({inputs})" if len(shapes) > 1 else f"({inputs},)"
        return Source(expr=f"torch.cat({inputs}, {self.axis})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        seen = [along(shape, self.axis) for shape in shapes]
        dims, (axis,) = seen[0]
        gives = replaced(dims, [axis], sum(own[axis] for own, _ in seen))
        return Ncnn("Concat", {0: axis}, (), tuple(own for own, _ in seen), (gives,))

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        shape, axis = list(inputs[0].shape), self.axis % len(inputs[0].shape)
        shape[axis] = sum(x.shape[axis] for x in inputs)
        return net.op("Concat", *inputs, shape=shape, axis=net.axis(inputs[0], axis))


@from_torch("torch.cat", "torch.concat", "torch.concatenate")
def cat(net: Builder, tensors: Sequence[Operand], dim: int = 0, **named: Any) -> Any:
    dim = named.get("axis", dim)
    values = [t if isinstance(t, Value) else net.constant(t) for t in tensors if t.shape != (0,)]
    return net.add(Concat(dim % len(values[0].shape)), *values) if len(values) > 1 else values[0]


@from_torch("torch.stack")
def stack(net: Builder, tensors: Sequence[Operand], dim: int = 0) -> Any:
    values = [t if isinstance(t, Value) else net.constant(t) for t in tensors]
    dim %= len(values[0].shape) + 1
    parts = [reshape_to(net, v, (*v.shape[:dim], 1, *v.shape[dim:]), "part") for v in values]
    return net.add(Concat(dim), *parts) if len(parts) > 1 else parts[0]


@from_torch("torch.hstack")
def hstack(net: Builder, tensors: Sequence[Operand]) -> Any:
    rows = atleast_1d(net, list(tensors))
    return cat(net, rows, 0 if len(rows[0].shape) == 1 else 1)


@from_torch("torch.vstack", "torch.row_stack")
def vstack(net: Builder, tensors: Sequence[Operand]) -> Any:
    return cat(net, atleast_2d(net, list(tensors)), 0)


@from_torch("torch.dstack")
def dstack(net: Builder, tensors: Sequence[Operand]) -> Any:
    return cat(net, atleast_3d(net, list(tensors)), 2)


@from_torch("torch.column_stack")
def column_stack(net: Builder, tensors: Sequence[Operand]) -> Any:
    return cat(net, [reshape_to(net, x, (*x.shape, 1)[:2]) if len(x.shape) < 2 else x for x in tensors], 1)


CAFFE_AXES = {3: 1, 1: 2, 0: 3, 2: 0}  # what MMdnn's Caffe parser writes for an axis: 3, 2, 1, 0 turned into NHWC


@from_ir("Concat", "ConcatV2")
def ir_concat(net: Builder, node: IrOperator, *inputs: Value) -> Any:
    rank = len(inputs[0].shape)
    axis = node.integer("axis")
    if node.source == "caffe":
        return cat(net, inputs, _axis_of_caffe(node, inputs, axis, rank))
    return cat(net, inputs, node.axis(inputs[0], axis))


@from_ir("Pack", "Stack")
def ir_pack(net: Builder, node: IrOperator, *inputs: Value) -> Any:
    axis = node.ir_axis(inputs[0], node.integer("axis", 0), 1)
    open_axis = 1 if axis == 0 and node.open_axis() == 1 else None
    parts = [node.reshaped(x, (*(s := node.shape(x))[:axis], 1, *s[axis:]), open_axis) for x in inputs]
    return cat(net, parts, node.axis(parts[0], axis))


def _axis_of_caffe(node: IrOperator, inputs: Sequence[Value], axis: int, rank: int) -> Any:
    """The Graph's axis: of 4 axes the one with which the shapes are those of the file."""
    if rank < 4:
        caffe_axis = CAFFE_AXES.get(axis, axis)
        return caffe_axis if caffe_axis < rank else node.axis(inputs[0], axis)
    candidates = [a for a in dict.fromkeys((node.axis(inputs[0], axis), CAFFE_AXES.get(axis, 1))) if a]
    wanted = node.output_shape()
    for candidate in candidates:
        shape = list(inputs[0].shape)
        shape[candidate] = sum(x.shape[candidate] for x in inputs)
        if wanted is None or list(wanted[1:]) == [*shape[2:], shape[1]]:
            return candidate
    raise Refused(f"Concat along axis {axis}: no axis gives the shape {wanted} that the file says", "correct the axis")
