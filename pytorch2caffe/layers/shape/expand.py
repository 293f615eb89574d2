"""Tile: repeats along an axis; expand is tiling of axes of size 1."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, along, replaced
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, from_ir, from_torch, layer
from ..convolution.convolution import Convolution
from .reshape import reshape_to


@layer("Tile", param="tile_param")
class Tile(Layer):
    """The input `tiles` times one behind the other along `axis`.  Source: BVLC Caffe, tile_layer.cpp."""

    moves_data = True

    axis: int = 1
    tiles: int = 1

    def to_caffe(self) -> dict[str, Any]:
        return {"axis": self.axis, "tiles": self.tiles}

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        axis = self.axis % len(shapes[0])
        times = [self.tiles if i == axis else 1 for i in range(len(shapes[0]))]
        return Source(expr=f"{{0}}.repeat({', '.join(map(str, times))})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        dims, (axis,) = along(shapes[0], self.axis)
        return Ncnn("Tile", {0: axis, 1: self.tiles}, (), (dims,), (replaced(dims, [axis], self.tiles * dims[axis]),))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """A 1x1 convolution of one channel into as many as there are tiles, every weight 1: importers lack Tile."""
        (x,) = inputs
        axis = self.axis % len(x.shape)
        before, after = x.shape[:axis], x.shape[axis:]
        flat = reshape_to(net, x, (prod(before), 1, prod(after), 1), "flat")
        ones = np.ones((self.tiles, 1, 1, 1), np.float32)
        made = Convolution(self.tiles, (1, 1), bias_term=False)
        y = net.add(made, flat, blobs=[ones], name="copies")
        return reshape_to(net, y, (*before, self.tiles * after[0], *after[1:]), "tiled")

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        (x,) = inputs
        axis = self.axis % len(x.shape)
        times = [self.tiles if i == axis else 1 for i in range(len(x.shape))]
        shape = [size * count for size, count in zip(x.shape, times, strict=True)]
        return net.op("Tile", x, shape=shape, multiples=net.in_ir(x, times))


def expand_to(net: Builder, input: Operand, shape: Sequence[int]) -> Any:
    """The value, or constant, broadcast to `shape`, as PyTorch broadcasts."""
    shape = tuple(shape)
    if isinstance(input, np.ndarray):
        return np.ascontiguousarray(np.broadcast_to(input, shape))
    x = reshape_to(net, input, (1,) * (len(shape) - len(input.shape)) + input.shape, "expand")
    for axis, (have, want) in enumerate(zip(x.shape, shape, strict=True)):
        if have != want:
            x = net.add(Tile(axis, want), x, name="tile")
    return x


@from_torch("torch.Tensor.expand")
def expand(net: Builder, input: Value, *sizes: Any, implicit: bool = False) -> Any:
    sizes = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else sizes
    own = (1,) * (len(sizes) - len(input.shape)) + input.shape
    return expand_to(net, input, [have if want == -1 else want for have, want in zip(own, sizes, strict=True)])


@from_torch("torch.Tensor.expand_as", "torch.broadcast_to", "torch.Tensor.broadcast_to")
def expand_as(net: Builder, input: Value, other: Operand) -> Any:
    return expand_to(net, input, getattr(other, "shape", other))


@from_torch("torch.Tensor.repeat", "torch.tile", "torch.Tensor.tile")
def repeat(net: Builder, input: Value, *repeats: Any) -> Any:
    repeats = repeats[0] if len(repeats) == 1 and isinstance(repeats[0], (tuple, list)) else repeats
    rank = max(len(repeats), len(input.shape))
    times = (1,) * (rank - len(repeats)) + tuple(repeats)
    x = reshape_to(net, input, (1,) * (rank - len(input.shape)) + input.shape, "expand")
    for axis, count in enumerate(times):
        x = net.add(Tile(axis, count), x, name="tile") if count != 1 else x
    return x


@from_torch("torch.repeat_interleave", "torch.Tensor.repeat_interleave")
def repeat_interleave(
    net: Builder, input: Value, repeats: Any, dim: Any = None, *, output_size: int | Sequence[int] | None = None
) -> Any:
    """Each entry along an axis several times: a new axis behind it, tiled."""
    if not isinstance(repeats, int):
        raise Refused("repeat_interleave with a number of its own for each entry", "index with a constant list")
    if repeats == 0:
        raise Refused("repeat_interleave of zero times", "Caffe has no empty blobs")
    shape = input.shape if dim is not None else (prod(input.shape),)
    axis = dim % len(shape) if dim is not None and shape else 0
    shape = shape or (1,)
    column = reshape_to(net, input, (*shape[: axis + 1], 1, *shape[axis + 1 :]), "column")
    tiled = net.add(Tile(axis + 1, repeats), column, name="tile") if repeats > 1 else column
    return reshape_to(net, tiled, (*shape[:axis], shape[axis] * repeats, *shape[axis + 1 :]))


@from_ir("Tile")
def ir_tile(net: Builder, node: IrOperator, input: Value) -> Any:
    counts = node.integers("multiples", count=len(input.shape))
    return repeat(net, input, [counts[node.node_axis(input, axis)] for axis in range(len(counts))])


@from_torch("torch.broadcast_tensors")
def broadcast_tensors(net: Builder, *tensors: Operand) -> Any:
    tensors = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    shape = np.broadcast_shapes(*(x.shape for x in tensors))
    return [expand_to(net, x if isinstance(x, Value) else net.constant(x), shape) for x in tensors]


@from_torch("torch.Tensor.copy_")
def copy(net: Builder, input: Value, src: Operand, non_blocking: bool = False) -> Any:
    """What is copied, in the shape of what it is copied into."""
    return expand_to(net, src if isinstance(src, Value) else net.constant(np.asarray(src)), input.shape)
