"""Rounding: floor, ceil, round and trunc of each element."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.registry import Bounds, Layer, Source, from_ir, layer
from ..activation.threshold import Threshold
from .absval import AbsVal
from .eltwise import Eltwise
from .power import Power

LAST_FRACTION = 1.5 * 2**23  # a float32 near it is an integer, so adding it rounds, halves to the even number
DIFFERENCE = Eltwise("SUM", (1.0, -1.0))
NCNN_OPERATIONS = {"floor": 2, "ceil": 3, "round": 18, "trunc": 19}
NUMPY = {"floor": np.floor, "ceil": np.ceil, "round": np.rint, "trunc": np.trunc}


@layer("Rounding")
class Rounding(Layer):
    """Each element as an integer.  mode: floor, ceil, trunc (towards 0) or round (halves to the even number)."""

    keeps_inf = True
    elementwise = True

    mode: str

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        low, high = (float(NUMPY[self.mode](bound)) for bound in inputs[0])
        return low, high

    def gives_integers(self, inputs: Sequence[bool], blobs: Sequence[np.ndarray]) -> bool:
        return True

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr=f"torch.{self.mode}({{0}})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("UnaryOp", {0: NCNN_OPERATIONS[self.mode]})

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        if self.mode == "trunc":
            return net.op("Cast", net.op("Cast", *inputs, dstType="int"), dstType="float")
        return net.op(self.mode.capitalize(), *inputs)

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """Exact for |x| <= 2^22 = 4,194,304; beyond, at most 2.4e-7 of x from exact."""
        (x,) = inputs
        if not net.target.float32:
            what = f"{self.mode}: {net.target.name} does not compute in float32, which rounding by sums needs"
            raise Refused(what, "round the network's output outside of it")
        if self.mode == "round":
            return _nearest(net, x)
        if self.mode == "trunc" and net.bounds.of(x)[0] < 0:
            floor = net.add(Rounding("floor"), net.add(AbsVal(), x, name="abs"), name="floor")
            sign = net.add(Power(scale=2.0, shift=-1.0), net.add(Threshold(), x, name="positive"), name="sign")
            return net.add(Eltwise("PROD"), floor, sign)
        nearest = _nearest(net, x, "nearest")
        terms = (x, nearest) if self.mode == "ceil" else (nearest, x)
        off = net.add(Threshold(), net.add(DIFFERENCE, *terms, name="difference"), name="off")
        return net.add(Eltwise() if self.mode == "ceil" else DIFFERENCE, nearest, off)


def _nearest(net: Builder, x: Value, name: str = "") -> Value:
    """The nearest integer: a large number added and subtracted again, as a blob: consumers join numbers in a row.

    before: x -> Rounding(round) -> y
    after:  x -> Power(0 * x + 1.5 * 2^23) -> a; x + a -> b; b - a -> y
    """
    large = net.add(Power(scale=0.0, shift=LAST_FRACTION), x, name="large")
    return net.add(DIFFERENCE, net.add(Eltwise(), x, large, name="rounded"), large, name=name)


@from_ir("Floor", "Ceil", "Round")
def ir_rounding(net: Builder, node: IrOperator, input: Value) -> Value:
    return net.add(Rounding(node.op.lower()), input)
