"""log(1 + x) and e^x - 1, exact near 0, where 1 + x has lost the digits of x."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...graph.bounds import MOST_EXPONENT
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Bounds, Layer, Source, from_ir_alike, from_torch, layer
from ..activation.tanh import TanH
from .eltwise import Eltwise
from .exp import Exp, Log
from .power import Power

LEAST = 2.0**-66  # far below what 1 + x can differ from 1


@layer("Log1p")
class Log1p(Layer):
    """y = log(1 + x)."""

    keeps_inf = True

    def finite(self, inputs: Sequence[Bounds]) -> bool:
        return inputs[0][0] > -1

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="torch.log1p({0})")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """With u = 1 + x as it was rounded: x (log(u) + t) / (u - 1 + t), t to make 1 of 0 / 0.

        Source: Kahan, in the manual of the HP-15C, 1982.
        """
        (x,) = inputs
        u = net.add(Power(shift=1.0), x, name="plus_one")
        log = net.add(Power(shift=LEAST), net.add(Log(), u, name="log"), name="log_above_zero")
        step = net.add(Power(power=-1.0, shift=LEAST), net.add(Power(shift=-1.0), u, name="step"), name="inverse")
        ratio = net.add(Eltwise("PROD"), x, step, name="ratio")
        return net.add(Eltwise("PROD"), ratio, log)


@layer("Expm1")
class Expm1(Layer):
    """y = e^x - 1."""

    keeps_inf = True

    def finite(self, inputs: Sequence[Bounds]) -> bool:
        return inputs[0][1] <= MOST_EXPONENT

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="torch.expm1({0})")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """tanh(x / 2) (e^x + 1)."""
        half = net.add(TanH(), net.add(Power(scale=0.5), *inputs, name="half"), name="tanh")
        return net.add(
            Eltwise("PROD"), half, net.add(Power(shift=1.0), net.add(Exp(), *inputs, name="exp"), name="plus_one")
        )


@from_ir_alike("Log1p")
@from_torch("torch.log1p", "torch.Tensor.log1p", "torch.special.log1p")
def log1p(net: Builder, input: Value) -> Any:
    return net.add(Log1p(), input)


@from_ir_alike("Expm1")
@from_torch("torch.expm1", "torch.Tensor.expm1", "torch.special.expm1")
def expm1(net: Builder, input: Value) -> Any:
    return net.add(Expm1(), input)
