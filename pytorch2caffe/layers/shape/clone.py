"""A tensor copied, or detached from the gradient: torch.clone, Tensor.detach, Tensor.data."""

from __future__ import annotations

from typing import Any

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch


@from_torch("torch.Tensor.clone", "torch.clone")
def clone(net: Builder, input: Value, *, memory_format: Any = None) -> Value:
    return input


@from_torch("torch.Tensor.detach", "torch.Tensor.detach_", "torch.detach", "torch.Tensor.data", "aten.detach_")
def detach(net: Builder, input: Value) -> Value:
    return input


@from_torch("torch.Tensor.alias", "aten.alias", "aten.lift_fresh_copy")
def alias(net: Builder, input: Value) -> Value:
    return input
