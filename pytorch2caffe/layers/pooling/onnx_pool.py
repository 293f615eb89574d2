"""ONNX's poolings over one to three axes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.onnx_rules import OnnxNode, constant_input, from_onnx
from ..convolution.convolution import Convolution
from ..convolution.onnx_padding import Pads, pads_of, sizes_of
from ..elementwise.absval import AbsVal
from ..elementwise.power import Power
from ..elementwise.scale import Scale
from ..reduction.norm import norm_of
from ..shape.pad import pad_with
from .adaptive_avg_pool import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from .adaptive_max_pool import adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d
from .max_unpool import max_positions, unpool
from .pool_nd import pool, pool1d, pool3d
from .pooling import FLT_MAX
from .windows import torch_window_count

POOLS = {1: pool1d, 2: pool, 3: pool3d}


def _pool(
    net: Builder,
    x: Value,
    method: str,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None,
    dilations: Sequence[int] | None,
    pads: Sequence[int] | None,
    auto_pad: str,
    ceil_mode: int,
    counted: bool = True,
) -> Value:
    """The maximum (MAX) or average (AVE) of windows. counted: whether the padding counts as elements of an average."""
    rank = len(x.shape) - 2
    if rank not in POOLS:
        raise Refused(f"pooling of {len(x.shape)} axes", "use one to three spatial axes")
    kernel = sizes_of(kernel_shape, rank, "kernel_shape")
    stride, dilation = sizes_of(strides, rank, "strides"), sizes_of(dilations, rank, "dilations")
    sides = pads_of(x.shape[2:], kernel, stride, dilation, pads, auto_pad)
    even = all(before == after for before, after in sides)
    if method == "MAX" or not counted and not any(map(any, sides)):
        if not even:
            x = pad_with(net, x, dict(enumerate(sides, 2)), -FLT_MAX)
        padding = [before if even else 0 for before, _ in sides]
        if method == "MAX" or set(dilation) == {1}:
            return POOLS[rank](net, x, method, kernel, stride, padding, bool(ceil_mode), dilation, True)
    narrow = all(2 * before <= k for (before, _), k in zip(sides, kernel, strict=True))
    if set(dilation) == {1} and even and narrow:
        padding = [before for before, _ in sides]
        return POOLS[rank](net, x, method, kernel, stride, padding, bool(ceil_mode), 1, counted)
    if set(dilation) == {1} and counted and not ceil_mode:
        padded = pad_with(net, x, dict(enumerate(sides, 2)), 0.0)
        return POOLS[rank](net, padded, method, kernel, stride, (0,) * rank, False, 1, True)
    return _average(net, x, kernel, stride, dilation, sides, ceil_mode, counted)


def _average(
    net: Builder,
    x: Value,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    sides: Pads,
    ceil_mode: int,
    counted: bool,
) -> Value:
    """Sums of windows by a depthwise convolution, each divided by its number of elements."""
    rounding, counts, padded = "CEIL" if ceil_mode else "FLOOR", [], {}
    for axis, (before, after) in enumerate(sides):
        size, k, s, d = x.shape[axis + 2], kernel[axis], stride[axis], dilation[axis]
        windows = torch_window_count(size + before + after, k, s, 0, d, rounding)
        places = np.arange(windows)[:, None] * s + np.arange(k) * d - before
        low, high = (-before, size + after) if counted else (0, size)
        counts.append(((places >= low) & (places < high)).sum(1))
        padded[axis + 2] = (before, max(int(places[-1, -1]) + 1 - size, 0))
    channels = x.shape[1]
    layer = Convolution(channels, kernel, stride, (0,) * len(kernel), dilation, channels, False)
    y = net.add(layer, pad_with(net, x, padded, 0.0), blobs=[np.ones((channels, 1, *kernel))], name="sum")
    divisors = counts[0]
    for count in counts[1:]:
        divisors = np.multiply.outer(divisors, count)
    weights = 1 / np.maximum(divisors, 1)
    averages: Value = net.add(Scale(2, len(kernel)), y, blobs=[weights])
    return averages


@from_onnx("MaxPool")
def onnx_max_pool(
    net: Builder,
    X: Value,
    *,
    node: OnnxNode,
    kernel_shape: Sequence[int],
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
    storage_order: int = 0,
    strides: Sequence[int] | None = None,
) -> Any:
    y = _pool(net, X, "MAX", kernel_shape, strides, dilations, pads, auto_pad, ceil_mode)
    if node.outputs < 2:
        return y
    rank = len(X.shape) - 2
    kernel = sizes_of(kernel_shape, rank, "kernel_shape")
    stride, dilation = sizes_of(strides, rank, "strides"), sizes_of(dilations, rank, "dilations")
    sides = pads_of(X.shape[2:], kernel, stride, dilation, pads, auto_pad)
    if storage_order or any(
        before != after or 2 * before > k for (before, after), k in zip(sides, kernel, strict=True)
    ):
        return [y, None]
    padding = tuple(before for before, _ in sides)
    return [y, max_positions(net, X, rank, kernel, stride, padding, dilation, bool(ceil_mode), of_tensor=True)]


@from_onnx("MaxUnpool")
def onnx_max_unpool(
    net: Builder,
    X: Value,
    I: Operand,  # noqa: E741 - its name in ONNX
    output_shape: Operand | None = None,
    *,
    kernel_shape: Sequence[int],
    pads: Sequence[int] | None = None,
    strides: Sequence[int] | None = None,
) -> Value:
    if not isinstance(I, Value):
        raise Refused("MaxUnpool with constant positions", "use the indices of a MaxPool of the network")
    rank = len(X.shape) - 2
    kernel, stride = sizes_of(kernel_shape, rank, "kernel_shape"), sizes_of(strides, rank, "strides")
    sides = pads_of(X.shape[2:], kernel, stride, (1,) * rank, pads, "NOTSET")
    sizes = [(n - 1) * s + k - sum(p) for n, s, k, p in zip(X.shape[2:], stride, kernel, sides, strict=True)]
    if output_shape is not None:
        sizes = [int(size) for size in constant_input(output_shape, "the shape of MaxUnpool")][2:]
    return unpool(net, rank, X, I, sizes, of_tensor=True)


@from_onnx("AveragePool")
def onnx_average_pool(
    net: Builder,
    X: Value,
    *,
    kernel_shape: Sequence[int],
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    dilations: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
    strides: Sequence[int] | None = None,
) -> Value:
    return _pool(net, X, "AVE", kernel_shape, strides, dilations, pads, auto_pad, ceil_mode, bool(count_include_pad))


@from_onnx("LpPool")
def onnx_lp_pool(
    net: Builder,
    X: Value,
    *,
    kernel_shape: Sequence[int],
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: Sequence[int] | None = None,
    p: float = 2,
    pads: Sequence[int] | None = None,
    strides: Sequence[int] | None = None,
) -> Value:
    """(sum of |x|^p)^(1/p) over each window: the mean, padding counted, times the window's size."""
    if ceil_mode:
        raise Refused("LpPool with ceil_mode", "use ceil_mode 0")
    size = X if p == 2 else net.add(AbsVal(), X, name="abs")
    powered = net.add(Power(power=float(p)), size, name="power")
    mean = _pool(net, powered, "AVE", kernel_shape, strides, dilations, pads, auto_pad, 0)
    return net.add(Power(power=1 / p, scale=float(prod(kernel_shape))), mean)


@from_onnx("GlobalAveragePool")
def onnx_global_average_pool(net: Builder, X: Value) -> Value:
    pools = {1: adaptive_avg_pool1d, 2: adaptive_avg_pool2d, 3: adaptive_avg_pool3d}
    return pools[_spatial(X)](net, X, 1)


@from_onnx("GlobalMaxPool")
def onnx_global_max_pool(net: Builder, X: Value) -> Value:
    pools = {1: adaptive_max_pool1d, 2: adaptive_max_pool2d, 3: adaptive_max_pool3d}
    return pools[_spatial(X)](net, X, 1)  # type: ignore[no-any-return]


@from_onnx("GlobalLpPool")
def onnx_global_lp_pool(net: Builder, X: Value, *, p: float = 2) -> Value:
    return norm_of(net, X, tuple(range(2, len(X.shape))), True, float(p))


def _spatial(x: Value) -> int:
    rank = len(x.shape) - 2
    if rank not in POOLS:
        raise Refused(f"pooling of {len(x.shape)} axes", "use one to three spatial axes")
    return rank
