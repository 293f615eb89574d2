"""Softmax."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, along
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.onnx_rules import from_onnx
from ...graph.registry import Bounds, Layer, Source, from_ir, from_torch, layer
from ..shape.reshape import reshape_to


@layer("Softmax", param="softmax_param")
class Softmax(Layer):
    """exp(x) / sum of exp(x) along `axis`.  Source: BVLC Caffe, softmax_layer.cpp."""

    in_place = True

    axis: int = 1

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        return 0.0, 1.0

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(f"nn.Softmax({self.axis})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        dims, (axis,) = along(shapes[0], self.axis)
        return Ncnn("Softmax", {0: axis, 1: 1}, (), (dims,), (dims,))

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        """Along the last axis of the IR."""
        x, order = net.last(inputs[0], self.axis)
        return net.transpose(net.op("Softmax", x), order)


def along_axis(net: Builder, layer: Callable[[int], Layer], input: Value, dim: int | None) -> Value:
    """`layer` along an axis, by default the one that torch.softmax chooses; a scalar is reshaped to [1] for it."""
    rank = len(input.shape)
    if rank == 0:
        return reshape_to(net, net.add(layer(0), reshape_to(net, input, (1,), "row"), name="softmax"), ())
    return net.add(layer((0 if rank in (1, 3) else 1) if dim is None else dim % rank), input)


@from_torch("torch.nn.functional.softmax", "torch.softmax", "torch.Tensor.softmax", "torch.special.softmax")
def softmax(net: Builder, input: Value, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Value:
    return along_axis(net, Softmax, input, dim)


@from_ir("Softmax")
def ir_softmax(net: Builder, node: IrOperator, input: Value) -> Value:
    """Over the channels: the attribute `dim` is wrong in files converted from frozen graphs."""
    return along_axis(net, Softmax, input, node.axis(input, -1) if input.shape else 0)


def onnx_coerced(net: Builder, layer: Callable[[int], Layer], input: Value, axis: int) -> Value:
    """`layer` over all axes from `axis` on, as before opset 13; along the last axis they are the same."""
    axis = axis % len(input.shape) if input.shape else 0
    if axis == len(input.shape) - 1 or all(size == 1 for size in input.shape[axis + 1 :]):
        return along_axis(net, layer, input, axis)
    flat = reshape_to(net, input, (prod(input.shape[:axis]), prod(input.shape[axis:])), "flat")
    return reshape_to(net, net.add(layer(1), flat), input.shape, "shaped")


@from_onnx("Softmax")
def onnx_softmax_coerced(net: Builder, input: Value, *, axis: int = 1) -> Value:
    return onnx_coerced(net, Softmax, input, axis)


@from_onnx("Softmax", since=13)
def onnx_softmax(net: Builder, input: Value, *, axis: int = -1) -> Value:
    return softmax(net, input, axis)
