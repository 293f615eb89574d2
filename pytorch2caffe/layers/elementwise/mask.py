"""Masks: values that are 0 or 1, and bool in PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from .power import Power


def inverse(net: Builder, mask: Operand, name: str = "not") -> Any:
    """1 where the mask is 0, and 0 where it is 1: a Value, or an array for a constant."""
    if not isinstance(mask, Value):
        return np.logical_not(mask)
    return net.add(Power(scale=-1.0, shift=1.0), mask, name=name)


def mask_of(net: Builder, x: Operand, function: str) -> Operand:
    """`x`, a traced or constant mask. Raises Refused, naming `function`, for numbers."""
    is_mask = x in net.masks if isinstance(x, Value) else np.asarray(x).dtype == bool
    if not is_mask:
        raise Refused(f"{function} of numbers instead of bool", "compare them first: x != 0")
    return x
