"""Atan2: the angles of vectors."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi

import numpy as np

from ...formats.ncnn import Ncnn, binary
from ...graph.builder import Builder
from ...graph.graph import Shape, Term, Value
from ...graph.lowering import Lowering
from ...graph.registry import Bounds, Layer, Source, from_torch, layer
from ..activation.clip import Clip
from ..activation.threshold import Threshold
from ..shape.expand import expand_to
from .absval import AbsVal
from .eltwise import Eltwise
from .power import Power
from .trigonometric import odd_polynomial

# atan(t) = t * sum of c_k t^2k for |t| <= 1, within 4e-8
ARC_TANGENT = (0.99999934, -0.33329861, 0.19946566, -0.13908629, 0.096421961, -0.055912309, 0.021862945, -0.0040545634)
LEAST = 1e-37  # the reciprocals of much smaller numbers are no float32
LARGEST = float(np.finfo(np.float32).max)


@layer("Atan2")
class Atan2(Layer):
    """The angle of the vector (x, y) in radians, -pi to pi.  Inputs: y and x, of one shape."""

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        return -pi, pi

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="torch.atan2({0}, {1})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return binary("atan2", shapes)

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """At most 1e-6 from exact, for vectors of a length from 1e-30 to 1e30. -0.0 is 0.

        The angle to the nearer axis, whose tangent is the smaller component over the larger; then the angle itself:
        before: y, x -> Atan2 -> (output)
        after:  atan(min(|x|, |y|) / max(|x|, |y|)) -> a; pi / 2 - a where |y| > |x| -> b
                pi - b where x < 0 -> c; -c where y < 0 -> (output)
        """
        y, x = inputs
        height, width = (net.add(AbsVal(), each, name="size") for each in (y, x))
        larger = net.add(Clip(LEAST, LARGEST), net.add(Eltwise("MAX"), height, width, name="larger"), name="above_0")
        minus = [net.add(Power(scale=-1.0), each, name="minus") for each in (height, width)]
        smaller = net.add(Power(scale=-1.0), net.add(Eltwise("MAX"), *minus, name="minus_smaller"), name="smaller")
        inverse = net.add(Power(power=-1.0), larger, name="inverse")
        tangent = net.add(Eltwise("PROD"), smaller, inverse, name="tangent")
        angle = odd_polynomial(net, tangent, ARC_TANGENT, "to_axis")
        steep = net.add(Eltwise("SUM", (1.0, -1.0)), height, width, name="steep")
        angle = _reflected(net, angle, _above_0(net, steep), pi / 2)
        angle = _reflected(net, angle, _above_0(net, net.add(Power(scale=-1.0), x, name="minus")), pi)
        return _signed(net, angle, _above_0(net, net.add(Power(scale=-1.0), y, name="minus")))


def _above_0(net: Builder, x: Value) -> Value:
    above: Value = net.add(Threshold(), x, name="above")
    return above


def _signed(net: Builder, angle: Value, mask: Value, name: str = "") -> Value:
    """-angle where the mask is 1."""
    sign = net.add(Power(scale=-2.0, shift=1.0), mask, name="sign")
    return net.add(Eltwise("PROD"), angle, sign, name=name)


def _reflected(net: Builder, angle: Value, mask: Value, whole: float) -> Value:
    """whole - angle where the mask is 1."""
    return net.add(Eltwise("SUM", (1.0, whole)), _signed(net, angle, mask, "turned"), mask, name="reflected")


@from_torch("torch.atan2", "torch.Tensor.atan2", "torch.arctan2", "torch.Tensor.arctan2")
def atan2(net: Builder, input: Term, other: Term) -> Value:
    operands = [each if isinstance(each, Value) else np.asarray(each, np.float32) for each in (input, other)]
    shape = np.broadcast_shapes(*(tuple(each.shape) for each in operands))
    return net.add(Atan2(), *(expand_to(net, each, shape) for each in operands))
