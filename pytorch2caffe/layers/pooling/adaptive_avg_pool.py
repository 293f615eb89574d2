"""Adaptive average pooling over one to three axes."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from .adaptive_pool_nd import OutputSize, adaptive_pool, adaptive_pool1d, adaptive_pool3d


@from_torch("torch.nn.functional.adaptive_avg_pool2d", "torch._C._nn.adaptive_avg_pool2d")
def adaptive_avg_pool2d(net: Builder, input: Value, output_size: OutputSize) -> Value:
    return adaptive_pool(net, input, output_size, "AVE")


@from_torch("torch.nn.functional.adaptive_avg_pool1d", "torch.adaptive_avg_pool1d")
def adaptive_avg_pool1d(net: Builder, input: Value, output_size: OutputSize) -> Value:
    return adaptive_pool1d(net, input, output_size, "AVE")


@from_torch("torch.nn.functional.adaptive_avg_pool3d", "torch._C._nn.adaptive_avg_pool3d")
def adaptive_avg_pool3d(net: Builder, input: Value, output_size: OutputSize) -> Value:
    return adaptive_pool3d(net, input, output_size, "AVE")
