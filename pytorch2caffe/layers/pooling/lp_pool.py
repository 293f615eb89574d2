"""Power-average pooling."""

from __future__ import annotations

from collections.abc import Callable
from math import isinf

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import Size, from_torch, pair
from ..elementwise.absval import AbsVal
from ..elementwise.power import Power
from .pool_nd import pool, pool1d


def _lp(net: Builder, input: Value, pooled: Callable[[str, Value], Value], norm_type: float, window: int) -> Value:
    """(sum of x^p)^(1/p) over each window, for p = inf the greatest |x|, for p = -inf the least.

    pooled: pools a value by a method, MAX or AVE; window: the number of elements of a window, by which the mean is
    multiplied.
    """
    if isinf(norm_type):
        absolute = net.add(AbsVal(), input, name="abs")
        if norm_type > 0:
            return pooled("MAX", absolute)
        least = pooled("MAX", net.add(Power(scale=-1.0), absolute, name="minus"))
        return net.add(Power(scale=-1.0), least, name="least")
    powered = net.add(Power(power=float(norm_type)), input, name="power")
    return net.add(Power(power=1 / norm_type, scale=float(window)), pooled("AVE", powered))


@from_torch("torch.nn.functional.lp_pool2d")
def lp_pool2d(
    net: Builder,
    input: Value,
    norm_type: float,
    kernel_size: Size,
    stride: Size | None = None,
    ceil_mode: bool = False,
) -> Value:
    k = pair(kernel_size)
    return _lp(net, input, lambda method, x: pool(net, x, method, k, stride, 0, ceil_mode), norm_type, k[0] * k[1])


@from_torch("torch.nn.functional.lp_pool1d")
def lp_pool1d(
    net: Builder,
    input: Value,
    norm_type: float,
    kernel_size: Size,
    stride: Size | None = None,
    ceil_mode: bool = False,
) -> Value:
    k = pair(kernel_size, 1)
    return _lp(net, input, lambda method, x: pool1d(net, x, method, k, stride, 0, ceil_mode), norm_type, k[0])
