"""Average pooling over one to three axes."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import Size, from_torch, pair
from ..elementwise.power import Power
from .pool_nd import pool, pool1d, pool3d, stride_of


@from_torch("torch.nn.functional.avg_pool2d", "torch._C._nn.avg_pool2d")
def avg_pool2d(
    net: Builder,
    input: Value,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Value:
    return pool(
        net,
        input,
        "AVE",
        kernel_size,
        stride,
        padding,
        ceil_mode,
        count_include_pad=bool(count_include_pad or not any(pair(padding))),
        divisor_override=divisor_override or 0,
    )


@from_torch("torch.nn.functional.avg_pool1d", "torch.avg_pool1d")
def avg_pool1d(
    net: Builder,
    input: Value,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Value:
    return pool1d(net, input, "AVE", kernel_size, stride, padding, ceil_mode, count_include_pad=count_include_pad)


@from_torch("torch.nn.functional.avg_pool3d", "torch._C._nn.avg_pool3d")
def avg_pool3d(
    net: Builder,
    input: Value,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Value:
    """A mean of means: the number of elements of a window is the product of the numbers along its axes."""
    if not divisor_override:
        return pool3d(net, input, "AVE", kernel_size, stride, padding, ceil_mode, count_include_pad=count_include_pad)
    k = pair(kernel_size, 3)
    y = pool3d(net, input, "AVE", k, stride_of(k, stride, 3), padding, ceil_mode, divisor_override=1)
    return net.add(Power(scale=1 / divisor_override), y, name="divide")
