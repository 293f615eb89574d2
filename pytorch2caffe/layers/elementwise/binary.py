"""Binary: an operation on two inputs, broadcast as in PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np

from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, binary
from ...graph.bounds import product
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import ANY, Bounds, Layer, Source, layer
from ..shape.expand import expand_to
from ..shape.reshape import reshape_to
from .eltwise import Eltwise
from .power import Power
from .scale import Bias, Scale

SYMBOL = {"add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "div": "{0} / {1}"}
SYMBOL |= {"max": "torch.maximum({0}, {1})", "min": "torch.minimum({0}, {1})"}
EQUAL_SHAPES = {"add": Eltwise(), "sub": Eltwise("SUM", (1.0, -1.0)), "mul": Eltwise("PROD"), "max": Eltwise("MAX")}


@layer("Binary")
class Binary(Layer):
    """An operation on two inputs, broadcast as in PyTorch. operation: add, sub, mul, div, max, min.

    Caffe's Eltwise needs equal shapes; its Scale and Bias accept a second bottom, aligned from an axis on.
    """

    keeps_inf = True

    operation: str

    def name_in_legacy(self) -> str:
        return self.operation

    def may_be_overwritten(self, inputs: int) -> bool:
        return self.operation in ("add", "sub")

    def gives_integers(self, inputs: Sequence[bool], blobs: Sequence[np.ndarray]) -> bool:
        return all(inputs) and self.operation != "div"

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        a, b = inputs
        if self.operation == "div":
            return (0.0, inf) if a[0] >= 0 and b[0] > 0 else ANY
        if self.operation == "min":
            return min(a[0], b[0]), min(a[1], b[1])
        if self.operation == "max":
            return max(a[0], b[0]), max(a[1], b[1])
        if self.operation == "mul":
            return product(inputs)
        other = b if self.operation == "add" else (-b[1], -b[0])
        return a[0] + other[0], a[1] + other[1]

    def finite(self, inputs: Sequence[Bounds]) -> bool:
        return self.operation != "div" or inputs[1][0] > 0 or inputs[1][1] < 0

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr=SYMBOL[self.operation])

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return binary(self.operation, shapes)

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        a, b = inputs
        if self.operation in ("sub", "div"):
            opposite = Power(scale=-1.0) if self.operation == "sub" else Power(power=-1.0)
            other = "add" if self.operation == "sub" else "mul"
            if a.shape == b.shape and self.operation == "sub":
                return net.add(EQUAL_SHAPES["sub"], a, b)
            return net.add(Binary(other), a, net.add(opposite, b, name="inverse"))
        if self.operation == "min":
            minus = [net.add(Power(scale=-1.0), value, name="minus") for value in inputs]
            return net.add(Power(scale=-1.0), net.add(Binary("max"), *minus, name="max"))
        shape = np.broadcast_shapes(a.shape, b.shape)
        if self.operation in ("add", "mul"):
            big, small = (a, b) if a.shape == shape else (b, a)
            span = aligned(small.shape, shape) if big.shape == shape and not _per_position(small.shape, shape) else None
            if big.shape != small.shape and span is not None:
                start, stop = span
                broadcast = Scale(start) if self.operation == "mul" else Bias(start)
                return net.add(broadcast, big, reshape_to(net, small, shape[start:stop], "operand"))
        return net.add(EQUAL_SHAPES[self.operation], *(expand_to(net, value, shape) for value in inputs))

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        rank = max(len(x.shape) for x in inputs)
        a, b = (net.reshape(x, (1,) * (rank - len(x.shape)) + x.shape) for x in inputs)
        name = {"add": "Add", "sub": "Sub", "mul": "Mul", "div": "RealDiv", "max": "Maximum", "min": "Minimum"}
        return net.op(name[self.operation], a, b, shape=np.broadcast_shapes(a.shape, b.shape))


def _per_position(small: Sequence[int], shape: Sequence[int]) -> bool:
    """Whether an operand has one number for all channels of a position of [N, C, H, W], in a batch of any size."""
    return (
        len(small) == len(shape) == 4 and small[0] == shape[0] and small[1] == 1 < shape[1] and small[2:] == shape[2:]
    )


def aligned(small: Sequence[int], shape: Sequence[int], widest: bool = True) -> tuple[int, int] | None:
    """The axes [start, stop) of `shape` that an operand of shape `small` spans; None if it repeats along one of them.

    widest: includes neighbouring axes of size 1 that both have, so that another batch size fits too.

    >>> aligned((1, 16, 1, 1), (1, 16, 7, 7)), aligned((2, 1, 7, 1), (2, 16, 7, 7))
    ((0, 2), None)
    """
    rank = len(shape)
    dims = (1,) * (rank - len(small)) + tuple(small)
    first = rank - len(small)
    own = [axis for axis in range(first, rank) if dims[axis] != 1] or [first - 1]
    start, stop = max(own[0], first), own[-1] + 1
    if any(dims[axis] != shape[axis] for axis in range(start, stop)):
        return None
    while widest and start > first and dims[start - 1] == shape[start - 1]:
        start -= 1
    while widest and stop < rank and start == first and dims[stop] == shape[stop]:
        stop += 1
    return (start, stop) if stop > start else None
