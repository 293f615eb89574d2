"""Reduction: Caffe's sum over all axes from one on."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from ...errors import Refused
from ...formats.ncnn import Ncnn, along, replaced
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer, number
from ..elementwise.absval import AbsVal
from ..elementwise.power import Power
from .reduce import Reduce


@layer("Reduction", param="reduction_param")
class Reduction(Layer):
    """coeff times the SUM, ASUM (of absolute values), SUMSQ (of squares) or MEAN over axis `axis` and all after it.

    These axes are dropped.  Source: BVLC Caffe, reduction_layer.cpp.
    """

    operation: str = "SUM"
    axis: int = 0
    coeff: float = 1.0

    def _dims(self, shape: Sequence[int]) -> tuple[int, ...]:
        return tuple(range(self.axis % len(shape) if shape else 0, len(shape)))

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        of = {"ASUM": "{0}.abs()", "SUMSQ": "{0}.square()"}.get(self.operation, "{0}")
        text = f"{of}.{'mean' if self.operation == 'MEAN' else 'sum'}({self._dims(shapes[0])})"
        return Source(expr=text if self.coeff == 1 else f"{number(self.coeff)} * {text}")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        dims = [dim for dim in self._dims(shapes[0]) if shapes[0][dim] != 1]
        if not dims or self.coeff != 1:
            raise Refused("Reduction with a coeff, or over axes of size 1: ncnn multiplies by coeff before it reduces")
        seen, axes = along(shapes[0], *dims)
        kind = {"SUM": 0, "ASUM": 1, "SUMSQ": 2, "MEAN": 3}[self.operation]
        return Ncnn("Reduction", {0: kind, 1: 0, 3: axes, 4: 1, 5: 1}, (), (seen,), (replaced(seen, axes, 1),))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        (x,) = inputs
        if self.operation == "ASUM":
            x = net.add(AbsVal(), x, name="abs")
        if self.operation == "SUMSQ":
            x = net.add(Power(power=2.0), x, name="square")
        dims = self._dims(x.shape)
        y = net.add(Reduce("mean", dims), x, name="mean")
        count = 1 if self.operation == "MEAN" else prod(x.shape[d] for d in dims)
        return net.add(Power(scale=self.coeff * count), y)
