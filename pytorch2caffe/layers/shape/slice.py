"""Slice: one input cut along an axis; split, chunk and unbind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
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

MOST_PARTS = 1 << 12


@layer("Slice", param="slice_param")
class Slice(Layer):
    """Pieces along `axis`, cut at the positions slice_point.  Source: BVLC Caffe, slice_layer.cpp."""

    legacy_name = "split"
    moves_data = True

    axis: int = 1
    slice_point: tuple[int, ...] = ()

    def shares_memory(self, inputs: int, outputs: int) -> bool:
        return outputs == 1

    def to_caffe(self) -> dict[str, Any]:
        settings = {"axis": self.axis} if self.axis != 1 else {}
        return settings | ({"slice_point": list(self.slice_point)} if self.slice_point else {})

    @classmethod
    def from_caffe(
        cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray], tops: Any = None
    ) -> Layer:
        axis = param.get("axis", param.get("slice_dim", 1)) % len(shapes[0])
        points = tuple(param.get("slice_point", ()))
        if not points and tops:
            size = shapes[0][axis] // tops
            points = tuple(size * i for i in range(1, tops))
        return cls(axis, points)

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        edges = [0, *self.slice_point, shapes[0][self.axis]]
        sizes = [b - a for a, b in zip(edges, edges[1:], strict=False)]
        return Source(expr=f"{{0}}.split({sizes}, {self.axis})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        dims, (axis,) = along(shapes[0], self.axis)
        edges = [0, *self.slice_point, dims[axis]]
        sizes = tuple(b - a for a, b in zip(edges, edges[1:], strict=False))
        return Ncnn("Slice", {0: sizes, 1: axis}, (), (dims,), tuple(replaced(dims, [axis], size) for size in sizes))

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


def slice_at(net: Builder, input: Value, axis: int, points: Any, name: str = "") -> Any:
    """The pieces of a value, as a list, also when there is but one."""
    if not points:
        return [input]
    return net.add(Slice(axis, tuple(points)), input, name=name)


def _cut(net: Builder, input: Value, sizes: Any, dim: int) -> Any:
    return slice_at(net, input, dim, list(accumulate(sizes))[:-1])


@from_torch(
    "torch.split",
    "torch.Tensor.split",
    "torch.functional.split",
    "torch.split_with_sizes",
    "torch.Tensor.split_with_sizes",
)
def split(net: Builder, tensor: Operand, split_size_or_sections: Any, dim: int = 0) -> Any:
    dim %= len(tensor.shape)
    size = tensor.shape[dim]
    if isinstance(split_size_or_sections, int):
        step = split_size_or_sections
        sizes = [min(step, size - start) for start in range(0, size, step)]
    else:
        sizes = list(split_size_or_sections)
    return _cut(net, tensor, sizes, dim)


@from_torch("torch.chunk", "torch.Tensor.chunk")
def chunk(net: Builder, input: Value, chunks: int, dim: int = 0) -> Any:
    return split(net, input, -(-input.shape[dim] // chunks), dim)


@from_torch("torch.tensor_split", "torch.Tensor.tensor_split")
def tensor_split(
    net: Builder,
    input: Value,
    indices_or_sections: Any = None,
    dim: int = 0,
    *,
    indices: Operand | None = None,
    sections: Any = None,
) -> Any:
    indices_or_sections = next(i for i in (indices_or_sections, indices, sections) if i is not None)
    if isinstance(indices_or_sections, Value):
        raise Refused("tensor_split at places that depend on the input", "use numbers")
    dim %= len(input.shape)
    size = input.shape[dim]
    places = np.asarray(indices_or_sections).tolist()
    if isinstance(places, int):
        few, more = divmod(size, places)
        return _cut(net, input, [few + (i < more) for i in range(places)], dim)
    return slice_at(net, input, dim, places)


@from_torch("torch.unbind", "torch.Tensor.unbind", "torch.Tensor.__iter__")
def unbind(net: Builder, input: Value, dim: int = 0) -> Any:
    dim %= len(input.shape)
    pieces = slice_at(net, input, dim, range(1, input.shape[dim]))
    return [reshape_to(net, p, (*p.shape[:dim], *p.shape[dim + 1 :]), "piece") for p in pieces]


@from_torch("torch.hsplit", "torch.Tensor.hsplit")
def hsplit(net: Builder, input: Value, indices_or_sections: Any = None, **named: Any) -> Any:
    return tensor_split(net, input, indices_or_sections, 0 if len(input.shape) == 1 else 1, **named)


@from_torch("torch.vsplit", "torch.Tensor.vsplit")
def vsplit(net: Builder, input: Value, indices_or_sections: Any = None, **named: Any) -> Any:
    return tensor_split(net, input, indices_or_sections, 0, **named)


@from_torch("torch.dsplit", "torch.Tensor.dsplit")
def dsplit(net: Builder, input: Value, indices_or_sections: Any = None, **named: Any) -> Any:
    return tensor_split(net, input, indices_or_sections, 2, **named)


@from_ir("Split", "SplitV")
def ir_split(net: Builder, node: IrOperator, input: Value) -> Any:
    """Into so many equal parts (`split`), or of the sizes `size_splits`."""
    axis = node.axis(input, node.integer("axis"))
    size = input.shape[axis]
    if "size_splits" in node:
        sizes = node.integers("size_splits")
        sizes = [size - sum(s for s in sizes if s != -1) if s == -1 else s for s in sizes]
    else:
        count = node.integer("split" if "split" in node else "num_split")
        if not 0 < count <= MOST_PARTS:
            raise Refused(f"{node.op} into {count} parts", f"use at most {MOST_PARTS}")
        sizes = [size // count] * count
    if sum(sizes) != size or min(sizes, default=0) < 1 or len(sizes) > MOST_PARTS:
        raise Refused(f"{node.op} of {size} into {len(sizes)} parts of {sizes[:1]}", "correct its split")
    return _cut(net, input, sizes, axis)


@from_ir("Unstack", "Unpack")
def ir_unstack(net: Builder, node: IrOperator, input: Value) -> Any:
    axis = node.ir_axis(input, node.integer("axis", 0))
    shape = node.shape(input)
    if shape[axis] > MOST_PARTS:
        raise Refused(f"{node.op} into {shape[axis]} parts", f"use at most {MOST_PARTS}")
    pieces = slice_at(net, input, node.axis(input, axis), range(1, shape[axis]))
    return [node.reshaped(piece, (*shape[:axis], *shape[axis + 1 :])) for piece in pieces]
