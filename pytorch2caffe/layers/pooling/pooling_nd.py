"""Pooling over one axis and over three, and power-average pooling: Caffe pools two axes at a time."""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf
from typing import Any

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch, pair
from ..elementwise.absval import AbsVal
from ..elementwise.power import Power
from ..shape.reshape import drop_batch, reshape_to, with_batch
from .adaptive_pooling import adaptive_pool
from .pool import pool, stride_of


def _as_rows(net: Builder, input: Value) -> Any:
    """[N, C, L] as [N, C, 1, L], and back, with or without a batch."""
    x = reshape_to(net, input, (*input.shape[:-1], 1, input.shape[-1]), "row")
    return x, lambda y: reshape_to(net, y, (*y.shape[:-2], y.shape[-1]))


def _pool1d(
    net: Builder,
    input: Value,
    method: str,
    kernel: Any,
    stride: Any,
    padding: Any,
    ceil_mode: Any,
    dilation: int = 1,
    **named: Any,
) -> Any:
    x, back = _as_rows(net, input)
    (k,), (s,), (p,), (d,) = pair(kernel, 1), stride_of(kernel, stride, 1), pair(padding, 1), pair(dilation, 1)
    return back(pool(net, x, method, (1, k), (1, s), (0, p), ceil_mode, (1, d), **named))


def _pool3d(
    net: Builder,
    input: Value,
    method: str,
    kernel: Any,
    stride: Any,
    padding: Any,
    ceil_mode: Any,
    dilation: int = 1,
    **named: Any,
) -> Any:
    """The last two axes, each depth a channel; then the depth, the picture's rows in one."""
    x, added = with_batch(net, 3, input)
    k, s, p, d = pair(kernel, 3), stride_of(kernel, stride, 3), pair(padding, 3), pair(dilation, 3)
    n, c, depth, *space = x.shape
    x = reshape_to(net, x, (n, c * depth, *space), "pictures")
    x = pool(net, x, method, k[1:], s[1:], p[1:], ceil_mode, d[1:], **named)
    space = x.shape[2:]
    x = reshape_to(net, x, (n, c, depth, space[0] * space[1]), "columns")
    x = pool(net, x, method, (k[0], 1), (s[0], 1), (p[0], 0), ceil_mode, (d[0], 1), **named)
    return drop_batch(net, reshape_to(net, x, (n, c, x.shape[2], *space), "volume"), added)


@from_torch("torch.nn.functional.max_pool1d", "torch.max_pool1d", "torch.nn.functional.max_pool1d_with_indices")
def max_pool1d(
    net: Builder,
    input: Value,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    y = _pool1d(net, input, "MAX", kernel_size, stride, padding, ceil_mode, dilation)
    return [y, None] if return_indices else y


@from_torch("torch.nn.functional.max_pool3d", "torch.max_pool3d", "torch.nn.functional.max_pool3d_with_indices")
def max_pool3d(
    net: Builder,
    input: Value,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    y = _pool3d(net, input, "MAX", kernel_size, stride, padding, ceil_mode, dilation)
    return [y, None] if return_indices else y


@from_torch("torch.nn.functional.avg_pool1d", "torch.avg_pool1d")
def avg_pool1d(
    net: Builder,
    input: Value,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] | str = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    return _pool1d(net, input, "AVE", kernel_size, stride, padding, ceil_mode, count_include_pad=count_include_pad)


@from_torch("torch.nn.functional.avg_pool3d", "torch._C._nn.avg_pool3d")
def avg_pool3d(
    net: Builder,
    input: Value,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] | str = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: Any = None,
) -> Any:
    """A mean of means: each window's count is the product of its counts along the axes."""
    if not divisor_override:
        return _pool3d(net, input, "AVE", kernel_size, stride, padding, ceil_mode, count_include_pad=count_include_pad)
    k = pair(kernel_size, 3)
    y = _pool3d(net, input, "AVE", k, stride_of(k, stride, 3), padding, ceil_mode, divisor_override=1)
    return net.add(Power(scale=1 / divisor_override), y, name="divide")


def _adaptive1d(net: Builder, input: Value, output_size: Any, method: str) -> Any:
    x, back = _as_rows(net, input)
    return back(adaptive_pool(net, x, (1, *pair(output_size, 1)), method))


def _adaptive3d(net: Builder, input: Value, output_size: Any, method: str) -> Any:
    x, added = with_batch(net, 3, input)
    wanted = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * 3
    depths, rows, columns = (have if want is None else want for have, want in zip(x.shape[2:], wanted, strict=True))
    n, c, depth, *space = x.shape
    x = adaptive_pool(net, reshape_to(net, x, (n, c * depth, *space), "pictures"), (rows, columns), method)
    x = reshape_to(net, x, (n, c, depth, rows * columns), "columns")
    x = adaptive_pool(net, x, (depths, rows * columns), method)
    return drop_batch(net, reshape_to(net, x, (n, c, depths, rows, columns), "volume"), added)


@from_torch("torch.nn.functional.adaptive_avg_pool1d", "torch.adaptive_avg_pool1d")
def adaptive_avg_pool1d(net: Builder, input: Value, output_size: int | Sequence[int]) -> Any:
    return _adaptive1d(net, input, output_size, "AVE")


@from_torch("torch.nn.functional.adaptive_avg_pool3d", "torch._C._nn.adaptive_avg_pool3d")
def adaptive_avg_pool3d(net: Builder, input: Value, output_size: int | Sequence[int]) -> Any:
    return _adaptive3d(net, input, output_size, "AVE")


@from_torch(
    "torch.nn.functional.adaptive_max_pool1d",
    "torch.nn.functional.adaptive_max_pool1d_with_indices",
    "torch.adaptive_max_pool1d",
)
def adaptive_max_pool1d(
    net: Builder, input: Value, output_size: int | Sequence[int], return_indices: bool = False
) -> Any:
    y = _adaptive1d(net, input, output_size, "MAX")
    return [y, None] if return_indices else y


@from_torch(
    "torch.nn.functional.adaptive_max_pool3d",
    "torch.nn.functional.adaptive_max_pool3d_with_indices",
    "torch._C._nn.adaptive_max_pool3d",
)
def adaptive_max_pool3d(
    net: Builder, input: Value, output_size: int | Sequence[int], return_indices: bool = False
) -> Any:
    y = _adaptive3d(net, input, output_size, "MAX")
    return [y, None] if return_indices else y


def _lp(net: Builder, input: Value, pooled: Any, norm_type: Any, count: int) -> Any:
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
) -> Any:
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
) -> Any:
    k = pair(kernel_size, 1)
    return _lp(net, input, lambda how, x: _pool1d(net, x, how, k, stride, 0, ceil_mode), norm_type, k[0])
