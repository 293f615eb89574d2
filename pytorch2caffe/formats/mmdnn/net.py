"""What a layer's `to_ir` receives: adds operators of the IR and converts layouts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from .layout import channels_first, channels_last, ir_axis, ir_shape
from .node import IrNode

Shape = tuple[int, ...]


@dataclass(eq=False)
class Edge:
    """An output of an operator. shape: the tensor's in the Graph, channels first; in the IR, channels last."""

    node: IrNode
    shape: Shape
    index: int = 0
    inputs: tuple[Edge, ...] = ()

    @property
    def ir_shape(self) -> Shape:
        return ir_shape(self.shape)


class IrNet:
    """Operators, in order. Their inputs are Edges; they get names when the graph is complete."""

    def __init__(self) -> None:
        self.edges: list[list[Edge]] = []  # the outputs of each operator

    def op(
        self,
        op: str,
        *inputs: Edge,
        shape: Sequence[int] | None = None,
        weights: Mapping[str, Any] | None = None,
        **attrs: Any,
    ) -> Edge:
        """A new operator of one output. shape: the output's in the Graph, that of the first input unless given."""
        return self.ops(op, *inputs, shapes=[inputs[0].shape if shape is None else shape], weights=weights, **attrs)[0]

    def ops(
        self,
        op: str,
        *inputs: Edge,
        shapes: Sequence[Sequence[int]],
        weights: Mapping[str, Any] | None = None,
        **attrs: Any,
    ) -> list[Edge]:
        """A new operator of several outputs."""
        arrays = {key: np.asarray(value, np.float32) for key, value in (weights or {}).items()}
        node = IrNode("", op, [], {"data_format": "NHWC", **attrs}, arrays)
        made = [Edge(node, tuple(shape), index, inputs) for index, shape in enumerate(shapes)]
        self.edges.append(made)
        return made

    def constant(self, value: Any) -> Edge:
        """A number, or an array in the Graph's layout, as a Constant."""
        array = np.asarray(value, np.float32)
        if array.ndim == 0:
            return self.op("Constant", shape=(), value=float(array), dtype="DT_FLOAT32")
        transposed = np.ascontiguousarray(array.transpose(channels_last(array.ndim)))
        return self.op("Constant", shape=array.shape, weights={"value": transposed}, dtype="DT_FLOAT32")

    def operand(self, x: Edge, array: np.ndarray, axis: int) -> Edge:
        """A constant whose axes correspond to those of x from `axis` on."""
        ones = len(x.shape) - axis - array.ndim
        return self.constant(array.reshape((1,) * axis + array.shape + (1,) * ones))

    # ---- layout ----------------------------------------------------------------------------------------------------

    def axis(self, x: Edge, axis: int) -> int:
        """The IR's axis for an axis of the Graph."""
        return ir_axis(axis % len(x.shape), len(x.shape))

    def in_ir(self, x: Edge, per_axis: Sequence[Any]) -> list[Any]:
        """A list with an item per axis of the Graph, in the order of the IR's axes."""
        return [per_axis[axis] for axis in channels_last(len(x.shape))]

    def transpose(self, x: Edge, order: Sequence[int]) -> Edge:
        """An IR tensor with its axes in another order; no operator for the identity, one for two in succession."""
        if x.node.op == "Transpose":
            order = [x.node.attrs["perm"][axis] for axis in order]
            (x,) = x.inputs
        order, shape = list(order), x.ir_shape
        moving = [axis for axis in order if shape[axis] != 1]
        if order == sorted(order):
            return x
        after = [shape[axis] for axis in order]
        if moving == sorted(moving):
            return self._reshape(x, after)
        return self.op("Transpose", x, shape=_graph(after), perm=order)

    def graph_order(self, x: Edge) -> Edge:
        """A tensor whose IR axes are in the Graph's order."""
        return self.transpose(x, channels_first(len(x.shape)))

    def ir_order(self, x: Edge) -> Edge:
        """The inverse of `graph_order`."""
        return self.transpose(x, channels_last(len(x.shape)))

    def reshape(self, x: Edge, shape: Sequence[int]) -> Edge:
        """A tensor in another shape of the Graph, its numbers in the Graph's order."""
        if tuple(shape) == x.shape:
            return x
        return self.ir_order(self._reshape(self.graph_order(x), shape))

    def flat(self, x: Edge) -> Edge:
        """Everything but the batch in one axis, in the IR's order."""
        return self._reshape(x, (x.shape[0], prod(x.shape[1:])))

    def permute(self, x: Edge, order: Sequence[int]) -> Edge:
        """A tensor of the Graph with its axes in another order."""
        return self.ir_order(self.transpose(self.graph_order(x), order))

    def last(self, x: Edge, axis: int) -> tuple[Edge, list[int]]:
        """A tensor with an axis of the Graph last in the IR, and the order that restores it, for `transpose`."""
        own, end = self.axis(x, axis), len(x.shape) - 1
        order = list(range(len(x.shape)))
        order[own], order[end] = end, own
        return self.transpose(x, order), order

    # ---- operators that layers share ---------------------------------------------------------------------------------

    def cut(self, x: Edge, ranges: Mapping[int, tuple[int, int, int]]) -> Edge:
        """Every step-th position from begin up to end along axes of the Graph, {axis: (begin, end, step)}."""
        whole = [(0, size, 1) for size in x.shape]
        parts = [ranges.get(axis, part) for axis, part in enumerate(whole)]
        masks = [part == same for part, same in zip(parts, whole, strict=True)]
        mask = sum(1 << index for index, open in enumerate(self.in_ir(x, masks)) if open)
        starts, ends, strides = (self.in_ir(x, column) for column in zip(*parts, strict=True))
        return self.op(
            "Slice",
            x,
            shape=[len(range(*part)) for part in parts],
            starts=starts,
            ends=ends,
            strides=strides,
            begin_mask=mask,
            end_mask=mask,
            shrink_axis_mask=0,
            new_axis_mask=0,
        )

    def pad(self, x: Edge, before: Sequence[int], after: Sequence[int], value: float) -> Edge:
        """`value` added before and after each axis of the Graph."""
        shape = [b + size + a for b, size, a in zip(before, x.shape, after, strict=True)]
        pads = [*self.in_ir(x, before), *self.in_ir(x, after)]
        return self.op("Pad", x, shape=shape, pads=pads, mode="constant", constant_values=float(value))

    def pool(
        self, x: Edge, kind: str, kernel: Sequence[int], stride: Sequence[int], pad: Sequence[int], sizes: Sequence[int]
    ) -> Edge:
        """`sizes` windows along each spatial axis, the first starts `pad` before it; the last may extend beyond it."""
        axes = zip(sizes, stride, kernel, x.shape[2:], pad, strict=True)
        after = [max((out - 1) * s + k - size - p, 0) for out, s, k, size, p in axes]
        return self.op(
            "Pool",
            x,
            shape=(*x.shape[:2], *sizes),
            pooling_type=kind,
            kernel_shape=[1, *kernel, 1],
            strides=[1, *stride, 1],
            pads=[0, *pad, 0, 0, *after, 0],
        )

    def graph_shape(self, shape: Sequence[int]) -> Shape:
        """A shape of the IR as the Graph's."""
        return _graph(shape)

    def in_shape(self, x: Edge, shape: Sequence[int]) -> Edge:
        """An IR tensor in another shape of the IR, its numbers in the IR's order."""
        return self._reshape(x, shape)

    def _reshape(self, x: Edge, shape: Sequence[int]) -> Edge:
        """An IR tensor in another shape of the IR."""
        if x.node.op in ("Reshape", "Flatten"):
            (x,) = x.inputs
        shape = tuple(shape)
        if shape == x.ir_shape:
            return x
        if len(x.shape) > 2 and shape == (x.shape[0], prod(x.shape[1:])):
            return self.op("Flatten", x, shape=shape)
        sizes = [-1, *shape[1:]] if shape and x.shape and shape[0] == x.shape[0] else list(shape)
        return self.op("Reshape", x, shape=_graph(shape), shape_=sizes)


def _graph(shape: Sequence[int]) -> Shape:
    return tuple(shape[axis] for axis in channels_first(len(shape)))
