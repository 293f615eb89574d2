"""e^x - 1, accurate near 0."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...graph.bounds import MOST_EXPONENT
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Bounds, Layer, Source, from_ir_alike, from_torch, layer
from ..activation.tanh import TanH
from .eltwise import Eltwise
from .exp import Exp
from .power import Power


@layer("Expm1")
class Expm1(Layer):
    """y = e^x - 1."""

    keeps_inf = True

    def finite(self, inputs: Sequence[Bounds]) -> bool:
        return inputs[0][1] <= MOST_EXPONENT

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="torch.expm1({0})")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """tanh(x / 2) (e^x + 1)."""
        half = net.add(TanH(), net.add(Power(scale=0.5), *inputs, name="half"), name="tanh")
        return net.add(
            Eltwise("PROD"), half, net.add(Power(shift=1.0), net.add(Exp(), *inputs, name="exp"), name="plus_one")
        )


@from_ir_alike("Expm1")
@from_torch("torch.expm1", "torch.Tensor.expm1", "torch.special.expm1")
def expm1(net: Builder, input: Value) -> Value:
    return net.add(Expm1(), input)
