"""The logarithm of softmax."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...formats.mmdnn.net import Edge, IrNet
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.onnx_rules import from_onnx
from ...graph.registry import Layer, Source, from_ir, from_torch, layer
from ..elementwise.binary import Binary
from ..elementwise.exp import Exp
from ..elementwise.log import Log
from ..reduction.reduce import Reduce
from .softmax import along_axis, onnx_coerced


@layer("LogSoftmax")
class LogSoftmax(Layer):
    """x - log(sum of exp(x) along `axis`)."""

    axis: int = 1

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(f"nn.LogSoftmax({self.axis})")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """The maximum is subtracted first, as in PyTorch: the logarithm of a Softmax underflows to -inf."""
        (x,) = inputs
        low = net.add(Binary("sub"), x, net.add(Reduce("max", (self.axis,), True), x, name="max"), name="shifted")
        total = net.add(Reduce("sum", (self.axis,), True), net.add(Exp(), low, name="exp"), name="sum")
        return net.add(Binary("sub"), low, net.add(Log(), total, name="log"))

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        """Along the last axis of the IR."""
        x, order = net.last(inputs[0], self.axis)
        return net.transpose(net.op("LogSoftmax", x), order)


@from_torch(
    "torch.nn.functional.log_softmax", "torch.log_softmax", "torch.Tensor.log_softmax", "torch.special.log_softmax"
)
def log_softmax(net: Builder, input: Value, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Value:
    return along_axis(net, LogSoftmax, input, dim)


@from_ir("LogSoftmax")
def ir_log_softmax(net: Builder, node: IrOperator, input: Value) -> Value:
    return along_axis(net, LogSoftmax, input, node.axis(input, -1) if input.shape else 0)


@from_onnx("LogSoftmax")
def onnx_log_softmax_coerced(net: Builder, input: Value, *, axis: int = 1) -> Value:
    return onnx_coerced(net, LogSoftmax, input, axis)


@from_onnx("LogSoftmax", since=13)
def onnx_log_softmax(net: Builder, input: Value, *, axis: int = -1) -> Value:
    return log_softmax(net, input, axis)
