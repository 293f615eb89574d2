"""Slice: one input cut along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, along, replaced
from ...graph.builder import Builder
from ...graph.graph import Shape, Value, fix_axes
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer
from ..convolution.convolution import Convolution

MOST_PARTS = 1 << 12


@layer("Slice", param="slice_param")
class Slice(Layer):
    """The input cut along `axis` at the positions slice_point.  Source: BVLC Caffe, slice_layer.cpp.

    parts: into so many equal parts, whatever the size of the axis; slice_point then holds for this size, and is not
    written. 0: at slice_point.
    """

    legacy_name = "split"
    moves_data = True

    axis: int = 1
    slice_point: tuple[int, ...] = ()
    parts: int = 0

    def shares_memory(self, inputs: int, outputs: int) -> bool:
        return outputs == 1

    def to_caffe(self) -> dict[str, Any]:
        settings = {"axis": self.axis} if self.axis != 1 else {}
        return settings | ({"slice_point": list(self.slice_point)} if self.slice_point and not self.parts else {})

    @classmethod
    def from_caffe(
        cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray], tops: int | None = None
    ) -> Layer:
        axis = param.get("axis", param.get("slice_dim", 1)) % len(shapes[0])
        points = tuple(param.get("slice_point", ()))
        if not points and tops and tops > 1:
            return equal_parts(axis, shapes[0][axis], tops)
        return cls(axis, points)

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        size = shapes[0][self.axis]
        if self.parts and size % self.parts:
            raise Refused(f"Slice of {size} into {self.parts} equal parts", f"use a multiple of {self.parts}")
        edges = [0, *self.slice_point, size]
        sizes = [b - a for a, b in zip(edges, edges[1:], strict=False)]
        if self.parts:
            sizes = [size // self.parts] * self.parts
        return Source(expr=f"{{0}}.split({sizes}, {self.axis})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        dims, (axis,) = along(shapes[0], self.axis)
        edges = [0, *self.slice_point, dims[axis]]
        sizes = tuple(b - a for a, b in zip(edges, edges[1:], strict=False))
        return Ncnn("Slice", {0: sizes, 1: axis}, (), (dims,), tuple(replaced(dims, [axis], size) for size in sizes))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """Equal parts at fixed positions. For consumers without Slice: pieces by convolutions with one 1 per filter."""
        (x,) = inputs
        axis = self.axis % len(x.shape)
        if self.parts:
            fix_axes(x, {axis})
            return net.add(Slice(axis, self.slice_point), x)
        if len(x.shape) != 4 or axis == 0:
            return net.add(self, x)  # raises what the target lacks
        edges, parts = [0, *self.slice_point, x.shape[axis]], []
        for start, stop in zip(edges, edges[1:], strict=False):
            convolution, weight = piece_by_convolution(x.shape, axis, start, stop)
            parts.append(net.add(convolution, x, blobs=[weight], name="piece"))
        return parts if len(parts) > 1 else parts[0]

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        (x,) = inputs
        axis, edges = self.axis % len(x.shape), [0, *self.slice_point]
        sizes = [b - a for a, b in zip(edges, [*edges[1:], x.shape[axis]], strict=True)]
        shapes = [(*x.shape[:axis], size, *x.shape[axis + 1 :]) for size in sizes]
        if len(sizes) == 1:
            return net.op("Dropout", x, keep_prob=1.0)
        if len(set(sizes)) == 1:
            return net.ops("Split", x, shapes=shapes, axis=net.axis(x, axis), split=len(sizes))
        return [net.cut(x, {axis: (a, a + size, 1)}) for a, size in zip(edges, sizes, strict=True)]


def equal_parts(axis: int, size: int, parts: int) -> Slice:
    """The Slice of an axis of this size into equal parts."""
    return Slice(axis, tuple(size // parts * i for i in range(1, parts)), parts)


@dataclass(frozen=True)
class Narrow(Layer):
    """The positions from `start` up to `stop` along `axis`: a Slice of which one output is used, as torch has it."""

    type = "Slice"
    moves_data = True
    axis: int
    start: int
    stop: int

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        stop = "" if self.stop == shapes[0][self.axis] else self.stop
        return Source(expr=f"{{0}}[{':, ' * self.axis}{self.start or ''}:{stop}]")


def slice_at(
    net: Builder, input: Value, axis: int, points: Sequence[int], name: str = "", *, any_size: bool = False
) -> list[Any]:
    """The pieces of a value cut at `points`, as a list, also of one. A piece without elements is an array.

    any_size: the pieces that are used are right if the axis has another size too: positions counted from its start.
    """
    edges = [0, *points, input.shape[axis]]
    cuts = sorted({*points} - {0, input.shape[axis]})
    if points and not any_size:
        fix_axes(input, {axis % len(input.shape)})
    pieces = net.add(Slice(axis, tuple(cuts)), input, name=name) if cuts else [input]
    if len(pieces) == len(edges) - 1:
        return list(pieces)
    starts = dict(zip([0, *cuts], pieces, strict=True))
    empty = np.zeros((*input.shape[:axis], 0, *input.shape[axis + 1 :]), np.float32)
    return [starts[a] if b > a else empty for a, b in zip(edges, edges[1:], strict=False)]


def piece_by_convolution(shape: Shape, axis: int, start: int, stop: int) -> tuple[Convolution, np.ndarray]:
    """The convolution, and its weight, that gives positions from `start` up to `stop` of an axis of [N, C, H, W].

    It multiplies by 1 and by 0. Channels are selected by a window of 1x1, rows and columns moved by a window as large
    as what is cut off.
    """
    channels, count = shape[1], stop - start
    if axis == 1:
        weight = np.eye(channels, dtype=np.float32)[start:stop].reshape(count, channels, 1, 1)
        return Convolution(count, (1, 1), bias_term=False), weight
    height, width = (shape[axis] - count + 1 if each == axis else 1 for each in (2, 3))
    weight = np.zeros((channels, 1, height, width), np.float32)
    weight.reshape(channels, -1)[:, start] = 1
    return Convolution(channels, (height, width), group=channels, bias_term=False), weight
