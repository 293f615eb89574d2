"""Flatten, torch.flatten and the IR's Flatten."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import SHAPE, Ncnn
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.onnx_rules import from_onnx
from ...graph.registry import Layer, Source, from_ir, from_torch, layer
from .reshape import reshape_to


@layer("Flatten", param="flatten_param")
class Flatten(Layer):
    """Axes `axis` to `end_axis`, both included, become one.  Source: BVLC Caffe, flatten_layer.cpp."""

    legacy_name = "view"
    moves_data = True
    in_place = True

    axis: int = 1
    end_axis: int = -1

    def shares_memory(self, inputs: int, outputs: int) -> bool:
        return True

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        arguments = "" if (self.axis, self.end_axis) == (1, -1) else f"{self.axis}, {self.end_axis}"
        return Source(f"nn.Flatten({arguments})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn(SHAPE)

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """For consumers whose Flatten keeps the batch only, or that have none."""
        (x,) = inputs
        rank = len(x.shape)
        start, end = self.axis % rank, self.end_axis % rank + 1
        return reshape_to(net, x, (*x.shape[:start], math.prod(x.shape[start:end]), *x.shape[end:]))

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        (x,) = inputs
        start, end = self.axis % len(x.shape), self.end_axis % len(x.shape) + 1
        return net.reshape(x, (*x.shape[:start], math.prod(x.shape[start:end]), *x.shape[end:]))


@from_torch("torch.flatten", "torch.Tensor.flatten")
def flatten(net: Builder, input: Value, start_dim: int = 0, end_dim: int = -1) -> Value:
    rank = len(input.shape)
    if rank == 0:
        return reshape_to(net, input, (1,))
    start, end = start_dim % rank, end_dim % rank
    if start == end:
        return input
    return net.add(Flatten(start, -1 if end == rank - 1 else end), input)


@from_ir("Flatten")
def ir_flatten(net: Builder, node: IrOperator, input: Value) -> Value:
    """All axes but the batch, in the order H, W, C.

    In IR that was parsed from Caffe the order is C, H, W, except for the Flatten NAME_0 that the parser itself added
    before the fully connected layer NAME_1.
    """
    shape = (input.shape[0], math.prod(input.shape[1:]))
    added_by_parser = node.name.endswith("_0") and f"{node.name[:-2]}_1" in node.consumers
    if node.source == "caffe" and not added_by_parser:
        return reshape_to(net, input, shape)
    return node.reshaped(input, shape)


@from_onnx("Flatten")
def onnx_flatten(net: Builder, input: Value, *, axis: int = 1) -> Value:
    """Two axes: those before `axis`, and the others."""
    axis = axis + len(input.shape) if axis < 0 else axis
    if axis == 1 and len(input.shape) > 1:
        return flatten(net, input, 1)
    return reshape_to(net, input, (math.prod(input.shape[:axis]), math.prod(input.shape[axis:])))
