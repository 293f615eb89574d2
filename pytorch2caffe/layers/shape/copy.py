"""Tensor.copy_."""

from __future__ import annotations

from typing import Any

from ...graph.builder import Builder
from ...graph.graph import Operand
from ...graph.registry import from_torch
from .expand import expand_to


@from_torch("torch.Tensor.copy_")
def copy(net: Builder, input: Operand, src: Operand, non_blocking: bool = False) -> Any:
    """The source, broadcast to the shape of the tensor that it is copied into; an array if it is one."""
    return expand_to(net, src, input.shape)
