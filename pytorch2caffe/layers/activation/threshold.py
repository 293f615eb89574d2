"""Threshold: Caffe's gives 0 or 1, PyTorch's keeps the number or replaces it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Bounds, Layer, Source, from_torch, layer, number
from ..elementwise.eltwise import Eltwise
from ..elementwise.power import Power
from .relu import ReLU
from .sigmoid import Sigmoid

LARGE_ENOUGH = 1e-29  # what is above such a threshold is at least 1e-37 above it


@layer("Threshold", param="threshold_param")
class Threshold(Layer):
    """y = 1 if x > threshold else 0.  Source: BVLC Caffe, threshold_layer.cpp."""

    keeps_inf = True
    in_place = True

    threshold: float = 0.0

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        return 0.0, 1.0

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr=f"({{0}} > {number(self.threshold)}).to({{0}}.dtype)")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("Threshold", {0: self.threshold})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """Importers lack Threshold: 2 sigmoid(y) - 1, where y is 0 or, for what is above it, more than 20.

        The least number above 0 is 1e-45, so it grows twice; with ReLU between, or readers make one factor of both.
        """
        x = net.add(Power(shift=-self.threshold), *inputs, name="shift") if self.threshold else inputs[0]
        for _ in range(1 if abs(self.threshold) >= LARGE_ENOUGH else 2):
            x = net.add(Power(scale=1e38), net.add(ReLU(), x, name="above"), name="grow")
        return net.add(Power(scale=2.0, shift=-1.0), net.add(Sigmoid(), x, name="half_or_one"))


@from_torch("torch.nn.functional.threshold", "torch.nn.functional.threshold_", "torch.threshold", "torch.threshold_")
def threshold(net: Builder, input: Value, threshold: Any, value: Any, inplace: bool = False) -> Any:
    """X if x > threshold else value: x * [x > threshold] + value * (1 - [x > threshold]), which rounds nothing."""
    if threshold == 0 and value == 0:
        return net.add(ReLU(), input)
    mask = net.add(Threshold(threshold), input, name="mask")
    kept = net.add(Eltwise("PROD"), input, mask, name="keep")
    return net.add(Eltwise(), kept, net.add(Power(scale=-value, shift=value), mask, name="value")) if value else kept


@from_torch("torch.sign", "torch.Tensor.sign", "torch.sgn", "torch.Tensor.sgn")
def sign(net: Builder, input: Value) -> Any:
    """[x > 0] - [-x > 0]."""
    above = net.add(Threshold(), input, name="above")
    below = net.add(Threshold(), net.add(Power(scale=-1.0), input, name="minus"), name="below")
    return net.add(Eltwise("SUM", (1.0, -1.0)), above, below)
