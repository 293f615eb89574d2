"""Tensor.contiguous."""

from __future__ import annotations

from typing import Any

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch


@from_torch("torch.Tensor.contiguous")
def contiguous(net: Builder, input: Value, memory_format: Any = None) -> Value:
    return input
