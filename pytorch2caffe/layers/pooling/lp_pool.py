"""Power-average pooling."""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf
from typing import Any

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch, pair
from ..elementwise.absval import AbsVal
from ..elementwise.power import Power
from .pool_nd import pool, pool1d


def _lp(net: Builder, input: Value, pooled: Any, norm_type: Any, count: int) -> Value:
    """(sum of x^p)^(1/p), the sum as the mean times the count; of p = inf the greatest |x|, of -inf the least."""
    if isinf(norm_type):
        size = net.add(AbsVal(), input, name="abs")
        if norm_type > 0:
            return pooled("MAX", size)
        least = pooled("MAX", net.add(Power(scale=-1.0), size, name="minus"))
        return net.add(Power(scale=-1.0), least, name="least")
    powered = net.add(Power(power=float(norm_type)), input, name="power")
    return net.add(Power(power=1 / norm_type, scale=float(count)), pooled("AVE", powered))


@from_torch("torch.nn.functional.lp_pool2d")
def lp_pool2d(
    net: Builder,
    input: Value,
    norm_type: Any,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> Value:
    k = pair(kernel_size)
    return _lp(net, input, lambda how, x: pool(net, x, how, k, stride, 0, ceil_mode), norm_type, k[0] * k[1])


@from_torch("torch.nn.functional.lp_pool1d")
def lp_pool1d(
    net: Builder,
    input: Value,
    norm_type: Any,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> Value:
    k = pair(kernel_size, 1)
    return _lp(net, input, lambda how, x: pool1d(net, x, how, k, stride, 0, ceil_mode), norm_type, k[0])
