"""log(1 + x), accurate near 0, where 1 + x has lost the digits of x."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Bounds, Layer, Source, from_ir_alike, from_torch, layer
from .eltwise import Eltwise
from .log import Log
from .power import Power

LEAST = 2.0**-66  # far below the difference of 1 + x from 1


@layer("Log1p")
class Log1p(Layer):
    """y = log(1 + x)."""

    keeps_inf = True

    def finite(self, inputs: Sequence[Bounds]) -> bool:
        return inputs[0][0] > -1

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="torch.log1p({0})")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """x (log(u) + t) / (u - 1 + t) with u = 1 + x as rounded; the tiny t makes 0 / 0 equal 1.

        Source: Kahan, in the manual of the HP-15C, 1982.
        """
        (x,) = inputs
        u = net.add(Power(shift=1.0), x, name="plus_one")
        log = net.add(Power(shift=LEAST), net.add(Log(), u, name="log"), name="log_above_zero")
        step = net.add(Power(power=-1.0, shift=LEAST), net.add(Power(shift=-1.0), u, name="step"), name="inverse")
        ratio = net.add(Eltwise("PROD"), x, step, name="ratio")
        return net.add(Eltwise("PROD"), ratio, log)


@from_ir_alike("Log1p")
@from_torch("torch.log1p", "torch.Tensor.log1p", "torch.special.log1p")
def log1p(net: Builder, input: Value) -> Value:
    return net.add(Log1p(), input)
