"""Sizes and padding of the IR's convolutions and poolings, which may pad the end of an axis more than its start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ..shape.pad import pad_with

MOST_PAD = 1 << 16
SIZES = ("kernel_shape", "strides", "dilations")
KERNELS = ("weights", "depthwise_filter", "pointwise_filter")

Pads = list[tuple[int, int]]  # per spatial axis, the padding before and after it
Rule = Callable[[Builder, IrOperator, Value], Value]


def spatial(node: IrOperator, x: Value, key: str, default: int = 1) -> Shape:
    """The numbers of an attribute, [1, height, width, 1] or [height, width], for the two or three spatial axes of x.

    Raises Refused for another number of axes, and for numbers that are not positive.
    """
    rank = len(x.shape) - 2
    if rank not in (2, 3):
        raise Refused(f"{node.op} of a tensor of {len(x.shape)} axes", "use two or three spatial axes")
    numbers = node.integers(key, None)
    if numbers is None:
        return (default,) * rank
    numbers = numbers[1:-1] if len(numbers) == rank + 2 else numbers
    if len(numbers) != rank or not all(0 < n < MOST_PAD for n in numbers):
        raise node.fail(key, f"{rank} integers above 0")
    return tuple(numbers)


def pads_of(node: IrOperator, x: Value) -> Pads:
    """The padding of the spatial axes of x: [(top, bottom), (left, right)]. Raises Refused for a malformed `pads`."""
    rank = len(x.shape)
    pads = node.integers("pads", [0] * 2 * rank)
    if len(pads) == rank - 2 and "auto_pad" not in node:
        return [(p, p) for p in pads]
    if len(pads) == 2 * (rank - 2):
        pads = [0, *pads[: rank - 2], 0, 0, *pads[rank - 2 :], 0]
    if len(pads) != 2 * rank or not all(0 <= p < MOST_PAD for p in pads):
        raise node.fail("pads", f"{2 * rank} integers of at least 0")
    return [(pads[axis], pads[axis + rank]) for axis in range(1, rank - 1)]


def in_two_axes(rule: Rule) -> Rule:
    """Extends a function of `from_ir` to tensors of one spatial axis, [N, length, channels], as images of one row."""

    @wraps(rule)
    def either(net: Builder, node: IrOperator, x: Value) -> Value:
        if len(x.shape) != 3:
            return rule(net, node, x)
        n, length, channels = x.shape
        y = rule(net, node.with_row(SIZES, KERNELS), node.reshaped(x, (n, 1, length, channels)))
        return node.reshaped(y, (n, y.shape[3], y.shape[1]))

    return either


def evenly_padded(net: Builder, x: Value, pads: Sequence[tuple[int, int]]) -> tuple[Value, Shape]:
    """x and the padding that the layer itself adds on both sides of each spatial axis.

    If the sides differ, a Pad layer adds all of it, and the layer none.
    """
    if all(before == after for before, after in pads):
        return x, tuple(before for before, _ in pads)
    return pad_with(net, x, dict(enumerate(pads, 2)), 0.0), (0,) * len(pads)


def bias_of(node: IrOperator) -> list[np.ndarray]:
    """The bias [out] as a list of one blob, or of none."""
    return [node.weight("bias", rank=1)] if node.has("bias") else []
