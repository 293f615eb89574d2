"""Softmax and its logarithm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, along
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.registry import Bounds, Layer, Source, from_ir, from_torch, layer
from ..elementwise.binary import Binary
from ..elementwise.exp import Exp, Log
from ..elementwise.power import Power
from ..reduction.reduce import Reduce
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

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        """Along the last axis of the IR."""
        x, order = net.last(inputs[0], self.axis)
        return net.transpose(net.op("Softmax", x), order)


@layer("LogSoftmax")
class LogSoftmax(Layer):
    """x - log(sum of exp(x) along `axis`)."""

    axis: int = 1

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(f"nn.LogSoftmax({self.axis})")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """With the maximum taken off first, as PyTorch does: the logarithm of a Softmax underflows to -inf."""
        (x,) = inputs
        low = net.add(Binary("sub"), x, net.add(Reduce("max", (self.axis,), True), x, name="max"), name="shifted")
        total = net.add(Reduce("sum", (self.axis,), True), net.add(Exp(), low, name="exp"), name="sum")
        return net.add(Binary("sub"), low, net.add(Log(), total, name="log"))

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        """Along the last axis of the IR."""
        x, order = net.last(inputs[0], self.axis)
        return net.transpose(net.op("LogSoftmax", x), order)


def _along(net: Builder, made: Any, input: Value, dim: int) -> Any:
    """`made` along an axis; one number is seen as a row of one."""
    rank = len(input.shape)
    if rank == 0:
        return reshape_to(net, net.add(made(0), reshape_to(net, input, (1,), "row"), name="softmax"), ())
    return net.add(made((0 if rank in (1, 3) else 1) if dim is None else dim % rank), input)


@from_torch("torch.nn.functional.softmax", "torch.softmax", "torch.Tensor.softmax", "torch.special.softmax")
def softmax(net: Builder, input: Value, dim: Any = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    return _along(net, Softmax, input, dim)


@from_torch(
    "torch.nn.functional.log_softmax", "torch.log_softmax", "torch.Tensor.log_softmax", "torch.special.log_softmax"
)
def log_softmax(net: Builder, input: Value, dim: Any = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    return _along(net, LogSoftmax, input, dim)


@from_torch("torch.nn.functional.softmin")
def softmin(net: Builder, input: Value, dim: Any = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    return _along(net, Softmax, net.add(Power(scale=-1.0), input, name="minus"), dim)


@from_ir("Softmax")
def ir_softmax(net: Builder, node: IrOperator, input: Value) -> Any:
    """Over the channels: its `dim` is wrong in files made of frozen graphs."""
    return _along(net, Softmax, input, node.axis(input, -1) if input.shape else 0)


@from_ir("LogSoftmax")
def ir_log_softmax(net: Builder, node: IrOperator, input: Value) -> Any:
    return _along(net, LogSoftmax, input, node.axis(input, -1) if input.shape else 0)
