"""Threshold: Caffe's gives 0 or 1, PyTorch's keeps the number or replaces it."""

from __future__ import annotations

from ..registry import Layer, Source, from_torch, layer, number
from .eltwise import Eltwise
from .power import Power
from .relu import ReLU


@layer("Threshold", param="threshold_param")
class Threshold(Layer):
    """y = 1 if x > threshold else 0.  Source: BVLC Caffe, threshold_layer.cpp."""

    threshold: float = 0.0

    def to_torch(self, shapes, blobs):
        return Source(expr=f"({{0}} > {number(self.threshold)}).to({{0}}.dtype)")


@from_torch("torch.nn.functional.threshold", "torch.nn.functional.threshold_", "torch.threshold", "torch.threshold_")
def threshold(net, input, threshold, value, inplace=False):
    """x if x > threshold else value: (x - value) * [x > threshold] + value."""
    if threshold == 0 and value == 0:
        return net.add(ReLU(), input)
    mask = net.add(Threshold(threshold), input, name="mask")
    above = net.add(Power(shift=-value), input, name="shift") if value else input
    kept = net.add(Eltwise("PROD"), above, mask, name="keep")
    return net.add(Power(shift=value), kept) if value else kept
