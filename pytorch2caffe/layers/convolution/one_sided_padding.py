"""Convolutions and poolings of the IR: padding before and behind may differ, which no layer of Caffe's has."""

from __future__ import annotations

from functools import wraps
from typing import Any

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.ir_operator import IrOperator
from ..shape.pad import pad_with

MOST_PAD = 1 << 16
SIZES = ("kernel_shape", "strides", "dilations")
KERNELS = ("weights", "depthwise_filter", "pointwise_filter")


def spatial(node: IrOperator, x: Value, key: Any, default: int = 1) -> Any:
    """An attribute with one number per axis, [1, h, w, 1], as those of the space."""
    rank = len(x.shape) - 2
    if rank not in (2, 3):
        raise Refused(f"{node.op} of a tensor of {len(x.shape)} axes")
    numbers = node.integers(key, None)
    if numbers is None:
        return (default,) * rank
    numbers = numbers[1:-1] if len(numbers) == rank + 2 else numbers
    if len(numbers) != rank or not all(0 < n < MOST_PAD for n in numbers):
        raise node.fail(key, f"{rank} numbers above 0")
    return tuple(numbers)


def pads_of(node: IrOperator, x: Value) -> Any:
    """What is put before and behind each axis of the space: [(top, bottom), (left, right)]."""
    rank = len(x.shape)
    pads = node.integers("pads", [0] * 2 * rank)
    if len(pads) == rank - 2 and "auto_pad" not in node:
        return [(p, p) for p in pads]
    if len(pads) == 2 * (rank - 2):
        pads = [0, *pads[: rank - 2], 0, 0, *pads[rank - 2 :], 0]
    if len(pads) != 2 * rank or not all(0 <= p < MOST_PAD for p in pads):
        raise node.fail("pads", f"{2 * rank} numbers from 0 on")
    return [(pads[axis], pads[axis + rank]) for axis in range(1, rank - 1)]


def in_two_axes(rule: Any) -> Any:
    """A rule for tensors of one axis of space, [N, length, channels], too: as pictures of one row."""

    @wraps(rule)
    def either(net: Builder, node: IrOperator, x: Value) -> Any:
        if len(x.shape) != 3:
            return rule(net, node, x)
        n, length, channels = x.shape
        y = rule(net, node.with_row(SIZES, KERNELS), node.reshaped(x, (n, 1, length, channels)))
        return node.reshaped(y, (n, y.shape[3], y.shape[1]))

    return either


def evenly_padded(net: Builder, x: Value, pads: Any, value: float = 0.0) -> Any:
    """x with a Pad before it, and what is left of the padding: as much behind as before."""
    if all(before == behind for before, behind in pads):
        return x, tuple(before for before, _ in pads)
    return pad_with(net, x, dict(enumerate(pads, 2)), value), (0,) * len(pads)


def bias_of(node: IrOperator) -> Any:
    return [node.weight("bias", rank=1)] if node.has("bias") else []
