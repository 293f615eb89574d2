"""Log, and logarithms to other bases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import e, log

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import Bounds, Source, from_ir_alike, from_torch, layer, number
from .exp import WithBase
from .power import Power

E = float(np.float32(e))


@layer("Log", param="log_param")
class Log(WithBase):
    """y = log_base(shift + scale * x); base -1 stands for e.  Source: BVLC Caffe, log_layer.cpp."""

    keeps_inf = True
    elementwise = True

    def finite(self, inputs: Sequence[Bounds]) -> bool:
        return self.plain and inputs[0][0] > 0

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        text = f"torch.log({self.inner()})"
        return Source(expr=text if self.base == -1 else f"{text} * {number(1 / log(self.base))}")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("Log", {0: self.base, 1: self.scale, 2: self.shift})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """For targets that have the natural logarithm of x only: a Power before it and after it.

        For those that have it only if the base is written, e as float32 holds it, within 1e-8: that.
        """
        (x,) = inputs
        if self.base == -1 and net.takes(replace(self, base=E), x):
            return net.add(replace(self, base=E), x)
        if (self.scale, self.shift) != (1, 0):
            x = net.add(Power(1.0, self.scale, self.shift), x, name="inner")
        y = net.add(Log(), x, name="" if self.base == -1 else "log")
        return y if self.base == -1 else net.add(Power(scale=1 / log(self.base)), y)

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        if self != Log():
            raise Refused("the IR's Log is the natural logarithm, without base, scale and shift")
        return net.op("Log", *inputs)


@from_onnx_alike("Log")
@from_ir_alike("Log")
@from_torch("torch.log", "torch.log_", "torch.Tensor.log", "torch.Tensor.log_")
def natural_log(net: Builder, input: Value) -> Value:
    return net.add(Log(), input)


@from_torch("torch.log2", "torch.Tensor.log2")
def log2(net: Builder, input: Value) -> Value:
    return net.add(Power(scale=1 / log(2)), net.add(Log(), input, name="log"))


@from_torch("torch.log10", "torch.Tensor.log10")
def log10(net: Builder, input: Value) -> Value:
    return net.add(Power(scale=1 / log(10)), net.add(Log(), input, name="log"))
