"""Tile: copies of the input along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, along, replaced
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.onnx_rules import constant_input, from_onnx
from ...graph.registry import Layer, Source, from_ir, from_torch, layer, unpacked
from ..convolution.convolution import Convolution
from ..convolution.deconvolution import Deconvolution
from .reshape import reshape_to


@layer("Tile", param="tile_param")
class Tile(Layer):
    """`tiles` copies of the input, one after the other along `axis`.  Source: BVLC Caffe, tile_layer.cpp."""

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
        """A 1x1 Convolution of one channel to `tiles` channels, every weight 1, for consumers without Tile."""
        (x,) = inputs
        axis = self.axis % len(x.shape)
        before, after = x.shape[:axis], x.shape[axis:]
        ones = np.ones((self.tiles, 1, 1, 1), np.float32)
        copying = Convolution(self.tiles, (1, 1), bias_term=False)
        if axis == 1 and len(x.shape) == 4 and after[0] == 1:
            return net.add(copying, x, blobs=[ones], name="copies")
        if axis >= 2 and len(x.shape) == 4 and after[0] == 1:
            return self._along_space(net, x, axis)
        flat = reshape_to(net, x, (prod(before), 1, prod(after), 1), "flat")
        y = net.add(copying, flat, blobs=[ones], name="copies")
        return reshape_to(net, y, (*before, self.tiles * after[0], *after[1:]), "tiled")

    def _along_space(self, net: Lowering, x: Value, axis: int) -> Value:
        """Copies of the only row or column of [N, C, H, W]: a depthwise Deconvolution of ones."""
        channels, kernel = x.shape[1], (self.tiles, 1) if axis == 2 else (1, self.tiles)
        spreading = Deconvolution(channels, kernel, group=channels, bias_term=False)
        return net.add(spreading, x, blobs=[np.ones((channels, 1, *kernel), np.float32)], name="copies")

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        (x,) = inputs
        axis = self.axis % len(x.shape)
        times = [self.tiles if i == axis else 1 for i in range(len(x.shape))]
        shape = [size * count for size, count in zip(x.shape, times, strict=True)]
        return net.op("Tile", x, shape=shape, multiples=net.in_ir(x, times))


def tile_to(net: Builder, input: Value, repeats: Sequence[int]) -> Value:
    """repeats[i] copies along axis i, counted from the last; axes that are missing on either side have size 1."""
    rank = max(len(repeats), len(input.shape))
    x = reshape_to(net, input, (1,) * (rank - len(input.shape)) + input.shape, "expand")
    for axis, count in enumerate((1,) * (rank - len(repeats)) + tuple(repeats)):
        x = net.add(Tile(axis, count), x, name="tile") if count != 1 else x
    return x


@from_torch("torch.tile", "torch.Tensor.tile")
def tile(net: Builder, input: Value, *counts: int | Sequence[int], dims: Sequence[int] = ()) -> Value:
    return tile_to(net, input, unpacked(counts or (dims,)))


@from_ir("Tile")
def ir_tile(net: Builder, node: IrOperator, input: Value) -> Value:
    counts = node.integers("multiples", count=len(input.shape))
    return tile_to(net, input, [counts[node.node_axis(input, axis)] for axis in range(len(counts))])


@from_onnx("Tile")
def onnx_tile(net: Builder, input: Value, repeats: Operand) -> Value:
    return tile_to(net, input, [int(n) for n in np.ravel(constant_input(repeats, "the repeats of Tile"))])
