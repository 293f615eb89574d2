"""Adaptive max pooling over one to three axes."""

from __future__ import annotations

from typing import Any

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from .adaptive_pool_nd import OutputSize, adaptive_pool, adaptive_pool1d, adaptive_pool3d


@from_torch(
    "torch.nn.functional.adaptive_max_pool2d",
    "torch.nn.functional.adaptive_max_pool2d_with_indices",
    "torch._C._nn.adaptive_max_pool2d",
)
def adaptive_max_pool2d(net: Builder, input: Value, output_size: OutputSize, return_indices: bool = False) -> Any:
    y = adaptive_pool(net, input, output_size, "MAX")
    return [y, None] if return_indices else y


@from_torch(
    "torch.nn.functional.adaptive_max_pool1d",
    "torch.nn.functional.adaptive_max_pool1d_with_indices",
    "torch.adaptive_max_pool1d",
)
def adaptive_max_pool1d(net: Builder, input: Value, output_size: OutputSize, return_indices: bool = False) -> Any:
    y = adaptive_pool1d(net, input, output_size, "MAX")
    return [y, None] if return_indices else y


@from_torch(
    "torch.nn.functional.adaptive_max_pool3d",
    "torch.nn.functional.adaptive_max_pool3d_with_indices",
    "torch._C._nn.adaptive_max_pool3d",
)
def adaptive_max_pool3d(net: Builder, input: Value, output_size: OutputSize, return_indices: bool = False) -> Any:
    y = adaptive_pool3d(net, input, output_size, "MAX")
    return [y, None] if return_indices else y
