"""Writing into a part: x[:, 2:5] = y."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..elementwise.where import choose
from ..shape.reshape import reshape_to
from .overwrite import overwrite
from .subscript import items_of, positions_of, ranges_of


@from_torch("torch.Tensor.__setitem__")
def setitem(net: Builder, input: Operand, index: Any, value: Operand | float) -> Value:
    """Input with a part of it replaced by `value`; with a mask and a number, as torch.where."""
    if (
        not isinstance(value, Value)
        and np.size(value) == 1
        and (index in net.masks if isinstance(index, Value) else _is_mask(index))
    ):
        shape = (*index.shape, *(1,) * (len(input.shape) - len(index.shape)))
        mask = reshape_to(net, index, shape, "mask") if isinstance(index, Value) else np.reshape(index, shape)
        return choose(net, mask, float(np.reshape(value, ())), input)
    x = input if isinstance(input, Value) else net.constant(input)
    parts, arrays = items_of(index)
    if not arrays:
        ranges_of(x.shape, tuple(parts))  # raises Refused for what is no index
    return overwrite(net, x, positions_of(x.shape, parts), value)


def _is_mask(index: Any) -> bool:
    return isinstance(index, np.ndarray) and index.dtype == bool
