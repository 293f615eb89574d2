"""Clip, and ReLU6, which is Clip(0, 6) under the name that some consumers know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.bounds import are_integers
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Bounds, Layer, Source, layer, number
from ..elementwise.eltwise import Eltwise
from ..elementwise.power import Power
from .relu import ReLU

HUGE = float(np.finfo(np.float32).max)


@layer("Clip", param="clip_param")
class Clip(Layer):
    """y = min(max(x, min), max). -HUGE and HUGE (float32's largest) mean no bound.

    Source: BVLC Caffe master, clip_layer.cpp (2018; the 1.0 release has no Clip).
    """

    keeps_inf = True
    elementwise = True

    min: float
    max: float

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        ((low, high),) = inputs
        return min(max(self.min, low), self.max), max(min(self.max, high), self.min)

    def gives_integers(self, inputs: Sequence[bool], blobs: Sequence[np.ndarray]) -> bool:
        return all(inputs) and are_integers(self.min, self.max)

    def to_caffe(self) -> dict[str, Any]:
        return {"min": self.min, "max": self.max}

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        if (self.min, self.max) == (0, 6):
            return Source("nn.ReLU6()")
        if self.max >= HUGE:
            return Source(expr=f"{{0}}.clamp(min={number(self.min)})")
        if self.min <= -HUGE:
            return Source(expr=f"{{0}}.clamp(max={number(self.max)})")
        if self.min >= self.max:  # nn.Hardtanh requires min < max
            return Source(expr=f"{{0}}.clamp({number(self.min)}, {number(self.max)})")
        return Source(f"nn.Hardtanh({number(self.min)}, {number(self.max)})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        bounds = {0: self.min, 1: self.max}
        return Ncnn("Clip", {key: bound for key, bound in bounds.items() if abs(bound) < HUGE})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """max(x, a) with a constant, and min(x, b) = -max(-x, -b), which round nothing."""
        (x,) = inputs
        if (self.min, self.max) == (0, 6) and net.takes(ReLU6(), x):
            return net.add(ReLU6(), x)
        if self.min == 0:
            x = net.add(ReLU(), x, name="floor")
        elif self.min > -HUGE:
            x = net.add(Eltwise("MAX"), x, net.add(Power(scale=0.0, shift=self.min), x, name="min"), name="floor")
        if self.max < HUGE:
            minus = net.add(Power(scale=-1.0), x, name="minus")
            bound = net.add(Power(scale=0.0, shift=-self.max), x, name="max")
            x = net.add(Power(scale=-1.0), net.add(Eltwise("MAX"), minus, bound, name="ceiling"))
        return x

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        (x,) = inputs
        if (self.min, self.max) == (0, 6):
            return net.op("Relu6", x)
        x = net.op("Maximum", x, net.constant(self.min)) if self.min > -HUGE else x
        return net.op("Minimum", x, net.constant(self.max)) if self.max < HUGE else x


@layer("ReLU6")
class ReLU6(Layer):
    """y = min(max(x, 0), 6): Clip(0, 6) for consumers without Clip.  Source: OpenCV's and ncnn's importers."""

    in_place = True

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source("nn.ReLU6()")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("Clip", {0: 0.0, 1: 6.0})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        return net.add(Clip(0.0, 6.0), inputs[0])

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        return net.op("Relu6", *inputs)


def clip(net: Builder, input: Value, min: float | None, max: float | None) -> Value:
    """clamp with numbers or None as bounds; ReLU where that is the same."""
    low, high = -HUGE if min is None else float(min), HUGE if max is None else float(max)
    if low == 0 and max is None:
        return net.add(ReLU(), input)
    return net.add(Clip(low, high), input)
