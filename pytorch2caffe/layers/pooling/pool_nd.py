"""PyTorch's pooling over one to three axes, as Pooling layers, which pool two axes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import Size, pair
from ..indexing.cut import crop_space
from ..shape.reshape import drop_batch, reshape_to, with_batch
from .pooling import Pooling
from .windows import torch_window_count


def stride_of(kernel: Size, stride: Size | None, rank: int = 2) -> tuple[int, ...]:
    """PyTorch's stride of a pooling, which defaults to the kernel; None and () stand for the default."""
    return pair(kernel if stride is None or isinstance(stride, (tuple, list)) and not stride else stride, rank)


def pool(
    net: Builder,
    input: Value,
    method: str,
    kernel_size: Size,
    stride: Size | None,
    padding: Size,
    ceil_mode: bool,
    dilation: Size = 1,
    count_include_pad: bool = True,
    divisor_override: int = 0,
) -> Value:
    """PyTorch's pooling of [N, C, H, W] or [C, H, W] as one layer, in the rounding of the model where possible.

    method: MAX or AVE.
    """
    x, added = with_batch(net, 2, input)
    (kh, kw), (ph, pw), (dh, dw) = pair(kernel_size), pair(padding), pair(dilation)
    sh, sw = stride_of(kernel_size, stride)
    layer = Pooling(
        method,
        kh,
        kw,
        sh,
        sw,
        ph,
        pw,
        count_include_pad=count_include_pad,
        divisor_override=divisor_override,
        dilation_h=dh,
        dilation_w=dw,
    )
    sizes = tuple(
        torch_window_count(size, *axis, "CEIL" if ceil_mode else "FLOOR")
        for size, axis in zip(x.shape[2:], layer.axes, strict=True)
    )
    for mode in ("CEIL", "FLOOR") if ceil_mode else ("FLOOR", "CEIL"):
        if layer.sizes(x.shape, mode) == sizes:
            return drop_batch(net, net.add(replace(layer, round_mode=mode), x), added)
    y = crop_space(net, net.add(layer, x), sizes)  # Caffe has a window more
    return drop_batch(net, y, added)


def as_row(net: Builder, input: Value) -> tuple[Value, Callable[[Value], Value]]:
    """[N, C, L] as [N, C, 1, L], or [C, L] as [C, 1, L], and the function that removes the row again."""
    x = reshape_to(net, input, (*input.shape[:-1], 1, input.shape[-1]), "row")
    return x, lambda y: reshape_to(net, y, (*y.shape[:-2], y.shape[-1]))


def pool1d(
    net: Builder,
    input: Value,
    method: str,
    kernel: Size,
    stride: Size | None,
    padding: Size,
    ceil_mode: bool,
    dilation: Size = 1,
    count_include_pad: bool = True,
    divisor_override: int = 0,
) -> Value:
    """The same of [N, C, L] or [C, L], as images of one row."""
    x, from_row = as_row(net, input)
    (k,), (s,), (p,), (d,) = pair(kernel, 1), stride_of(kernel, stride, 1), pair(padding, 1), pair(dilation, 1)
    return from_row(
        pool(net, x, method, (1, k), (1, s), (0, p), ceil_mode, (1, d), count_include_pad, divisor_override)
    )


def pool3d(
    net: Builder,
    input: Value,
    method: str,
    kernel: Size,
    stride: Size | None,
    padding: Size,
    ceil_mode: bool,
    dilation: Size = 1,
    count_include_pad: bool = True,
    divisor_override: int = 0,
) -> Value:
    """The same of [N, C, D, H, W] or [C, D, H, W]: the last two axes first, then the depth."""
    x, added = with_batch(net, 3, input)
    k, s, p, d = pair(kernel, 3), stride_of(kernel, stride, 3), pair(padding, 3), pair(dilation, 3)
    n, c, depth = x.shape[:3]
    x = reshape_to(net, x, (n, c * depth, *x.shape[3:]), "pictures")
    x = pool(net, x, method, k[1:], s[1:], p[1:], ceil_mode, d[1:], count_include_pad, divisor_override)
    height, width = x.shape[2:]
    x = reshape_to(net, x, (n, c, depth, height * width), "columns")
    x = pool(net, x, method, (k[0], 1), (s[0], 1), (p[0], 0), ceil_mode, (d[0], 1), count_include_pad, divisor_override)
    return drop_batch(net, reshape_to(net, x, (n, c, x.shape[2], height, width), "volume"), added)
