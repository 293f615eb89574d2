"""Tensor.fill_ and zero_."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..shape.expand import expand_to


@from_torch("torch.Tensor.fill_", "torch.fill_")
def fill(net: Builder, input: Operand, value: Operand | float) -> Any:
    """The number in the shape of the tensor that is filled: an array, unless it depends on the input."""
    return expand_to(net, value if isinstance(value, Value) else np.asarray(value, np.float32), input.shape)


@from_torch("torch.Tensor.zero_", "torch.zero_")
def zero(net: Builder, input: Operand) -> Any:
    return fill(net, input, 0.0)
