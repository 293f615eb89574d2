"""Tensor.view and view_as."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch, unpacked
from .reshape import reshape, reshape_to


@from_torch("torch.Tensor.view", "torch.Tensor._unsafe_view")
def view(net: Builder, input: Value, *shape: Any, size: Sequence[int] = (), dtype: Any = None) -> Value:
    """As reshape. A dtype instead of a shape reinterprets the bytes, which no layer does."""
    sizes: Sequence[Any] = unpacked(shape or (size,))
    if dtype is not None or len(sizes) == 1 and shape and not isinstance(shape[0], (int, tuple, list)):
        raise Refused("view as another type reinterprets the bytes of the numbers", "use .to(dtype)")
    return reshape(net, input, sizes)


@from_torch("torch.Tensor.view_as")
def view_as(net: Builder, input: Value, other: Operand) -> Value:
    return reshape_to(net, input, other.shape)
