"""Average pooling as a depthwise convolution, for targets whose pooling cannot include the padding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...graph.graph import Value
from ...graph.lowering import Lowering
from ..convolution.convolution import Convolution
from ..elementwise.eltwise import Eltwise
from ..elementwise.power import Power
from .windows import Axis


def average_by_convolution(
    net: Lowering, x: Value, axes: Sequence[Axis], sizes: Sequence[int], divisor: np.ndarray, inside: np.ndarray
) -> Value | None:
    """The averages of x [N, C, H, W] over zero-padded windows, or None if the target lacks such a convolution.

    axes:    the windows' height and width, not dilated; sizes: the number of windows along each.
    divisor: the divisor of each window's sum, [height, width].
    inside:  the number of elements of x in each window, [height, width].

    before: x -> Pooling(AVE, kernel 3, pad 1) -> y
    after:  x -> Convolution(group C, kernel 3, pad 1, weights 1 / 9) -> y
    """
    channels = x.shape[1]
    overhang = [
        max((size - 1) * stride + kernel - length - 2 * pad, 0)
        for size, length, (kernel, stride, pad, _) in zip(sizes, x.shape[2:], axes, strict=True)
    ]
    kernel = tuple(axis[0] + extra for axis, extra in zip(axes, overhang, strict=True))
    pads = tuple(axis[2] + extra for axis, extra in zip(axes, overhang, strict=True))
    ones = np.ones((channels, 1, *(axis[0] for axis in axes)), np.float32)
    weight = np.pad(ones, [(0, 0), (0, 0), *((extra, 0) for extra in overhang)])  # windows keep their start
    layer = Convolution(channels, kernel, tuple(axis[1] for axis in axes), pads, group=channels, bias_term=False)
    if not net.takes(layer, x, blobs=[weight]):
        return None
    if (divisor == divisor.flat[0]).all():
        return net.add(layer, x, blobs=[weight / np.float32(divisor.flat[0])], name="average")
    if not np.array_equal(divisor, inside):
        return None
    total = net.add(layer, x, blobs=[weight], name="sum")
    counts = net.add(layer, net.add(Power(scale=0.0, shift=1.0), x, name="ones"), blobs=[weight], name="count")
    return net.add(Eltwise("PROD"), total, net.add(Power(power=-1.0), counts, name="reciprocal"), name="average")


def padded_by_convolution(net: Lowering, x: Value, pads: tuple[int, int]) -> Value | None:
    """x [N, C, H, W] with zeros around each map, or None if the target lacks such a convolution.

    before: x -> Pad(1, 1) -> y
    after:  x -> Convolution(group C, kernel 1, pad 1, weights 1) -> y
    """
    channels = x.shape[1]
    layer = Convolution(channels, (1, 1), pad=pads, group=channels, bias_term=False)
    weight = np.ones((channels, 1, 1, 1), np.float32)
    return net.add(layer, x, blobs=[weight], name="padded") if net.takes(layer, x, blobs=[weight]) else None
