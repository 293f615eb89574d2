"""Tensor.copy_."""

from __future__ import annotations

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from .expand import expand_to


@from_torch("torch.Tensor.copy_")
def copy(net: Builder, input: Value, src: Operand, non_blocking: bool = False) -> Value:
    """The source, broadcast to the shape of the tensor that it is copied into."""
    return expand_to(net, src if isinstance(src, Value) else net.constant(np.asarray(src)), input.shape)
