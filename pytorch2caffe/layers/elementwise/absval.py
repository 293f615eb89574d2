"""Absolute value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import Bounds, Layer, Source, from_ir, from_torch, layer
from .eltwise import Eltwise
from .power import Power


@layer("AbsVal")
class AbsVal(Layer):
    """y = |x|.  Source: BVLC Caffe, absval_layer.cpp."""

    keeps_inf = True
    elementwise = True
    keeps_integers = True

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        ((low, high),) = inputs
        return max(low, -high, 0.0), max(high, -low)

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="{0}.abs()")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """The larger of x and -x."""
        (x,) = inputs
        return net.add(Eltwise("MAX"), x, net.add(Power(scale=-1.0), x, name="minus"))

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        return net.op("Abs", *inputs)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("AbsVal")


@from_onnx_alike("Abs")
@from_torch(
    "torch.abs", "torch.abs_", "torch.Tensor.abs", "torch.Tensor.abs_", "torch.absolute", "torch.Tensor.absolute"
)
def abs(net: Builder, input: Value) -> Value:
    return net.add(AbsVal(), input)


@from_ir("Abs")
def ir_abs(net: Builder, node: IrOperator, input: Value) -> Value:
    return net.add(AbsVal(), input)
