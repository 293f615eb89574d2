"""Max pooling over one to three axes."""

from __future__ import annotations

from typing import Any

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import Size, from_torch
from .max_unpool import max_positions
from .pool_nd import pool, pool1d, pool3d


def _with_indices(net: Builder, rank: int, y: Value, *pooling: Any) -> list[Value]:
    return [y, max_positions(net, pooling[0], rank, *pooling[1:])]


@from_torch("torch.nn.functional.max_pool2d", "torch.max_pool2d", "torch.nn.functional.max_pool2d_with_indices")
def max_pool2d(
    net: Builder,
    input: Value,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    y = pool(net, input, "MAX", kernel_size, stride, padding, ceil_mode, dilation)
    return _with_indices(net, 2, y, input, kernel_size, stride, padding, dilation, ceil_mode) if return_indices else y


@from_torch("torch.nn.functional.max_pool1d", "torch.max_pool1d", "torch.nn.functional.max_pool1d_with_indices")
def max_pool1d(
    net: Builder,
    input: Value,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    y = pool1d(net, input, "MAX", kernel_size, stride, padding, ceil_mode, dilation)
    return _with_indices(net, 1, y, input, kernel_size, stride, padding, dilation, ceil_mode) if return_indices else y


@from_torch("torch.nn.functional.max_pool3d", "torch.max_pool3d", "torch.nn.functional.max_pool3d_with_indices")
def max_pool3d(
    net: Builder,
    input: Value,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    y = pool3d(net, input, "MAX", kernel_size, stride, padding, ceil_mode, dilation)
    return _with_indices(net, 3, y, input, kernel_size, stride, padding, dilation, ceil_mode) if return_indices else y
