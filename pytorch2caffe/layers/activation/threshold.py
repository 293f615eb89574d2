"""Threshold: Caffe's outputs 0 or 1, PyTorch's keeps or replaces each element."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.onnx_rules import from_onnx
from ...graph.registry import Bounds, Layer, Source, from_torch, layer, number
from ..elementwise.eltwise import Eltwise
from ..elementwise.power import Power
from .relu import ReLU
from .sigmoid import Sigmoid

LARGE_ENOUGH = 1e-29  # a float32 above such a threshold is at least 1e-37 above it


@layer("Threshold", param="threshold_param")
class Threshold(Layer):
    """y = 1 if x > threshold else 0.  Source: BVLC Caffe, threshold_layer.cpp."""

    keeps_inf = True
    in_place = True

    threshold: float = 0.0

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        return 0.0, 1.0

    def gives_integers(self, inputs: Sequence[bool], blobs: Sequence[np.ndarray]) -> bool:
        return True

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr=f"({{0}} > {number(self.threshold)}).to({{0}}.dtype)")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("Threshold", {0: self.threshold})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """For targets without Threshold: 2 sigmoid(y) - 1, where y is 0, or more than 20 above the threshold.

        The smallest float32 above 0 is 1e-45, so y is scaled up twice; the ReLU between keeps targets from merging the
        two factors into one, which would overflow.
        """
        x = net.add(Power(shift=-self.threshold), *inputs, name="shift") if self.threshold else inputs[0]
        for _ in range(1 if abs(self.threshold) >= LARGE_ENOUGH else 2):
            x = net.add(Power(scale=1e38), net.add(ReLU(), x, name="above"), name="grow")
        return net.add(Power(scale=2.0, shift=-1.0), net.add(Sigmoid(), x, name="half_or_one"))


@from_torch("torch.nn.functional.threshold", "torch.nn.functional.threshold_", "torch.threshold", "torch.threshold_")
def threshold(net: Builder, input: Value, threshold: float, value: float, inplace: bool = False) -> Value:
    """x if x > threshold else value: x * [x > threshold] + value * (1 - [x > threshold]), which is exact."""
    if threshold == 0 and value == 0:
        return net.add(ReLU(), input)
    mask = net.add(Threshold(threshold), input, name="mask")
    passed = net.add(Eltwise("PROD"), input, mask, name="keep")
    if not value:
        return passed
    return net.add(Eltwise(), passed, net.add(Power(scale=-value, shift=value), mask, name="value"))


@from_onnx("ThresholdedRelu")
def onnx_thresholded_relu(net: Builder, X: Value, *, alpha: float = 1.0) -> Value:
    return threshold(net, X, alpha, 0.0)
