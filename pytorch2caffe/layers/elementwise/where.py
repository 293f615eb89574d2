"""Choosing by a mask, constant or traced: each number times its 0 or 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch, keeps_masks
from ..shape.expand import expand_to
from .arithmetic import arithmetic
from .compare import inverse, mask_of
from .power import Power

LARGE = 3e38  # ten times as much is inf
BOTH = "give both: torch.where(mask, a, b)"


@from_torch("torch.where")
@keeps_masks
def where(net: Builder, condition: Operand, input: Value | None = None, other: Operand | None = None) -> Any:
    """input where the condition holds, else other."""
    if input is None or other is None:
        raise Refused("where without two branches gives a shape that depends on the data", BOTH)
    return choose(net, mask_of(net, condition, "where"), input, other)


@from_torch("torch.Tensor.where")
@keeps_masks
def where_else(net: Builder, input: Value, condition: Operand, other: Operand) -> Any:
    return where(net, condition, input, other)


@from_torch("torch.masked_fill", "torch.Tensor.masked_fill", "torch.Tensor.masked_fill_")
@keeps_masks
def masked_fill(net: Builder, input: Value, mask: Operand, value: Any) -> Any:
    return choose(net, mask_of(net, mask, "masked_fill"), value, input)


def choose(net: Builder, mask: Any, input: Value, other: Operand) -> Any:
    """input where the mask is 1, other where it is 0; each of the three is a value or constant."""
    chosen, left = _times(net, input, mask), _times(net, other, inverse(net, mask))
    shape = np.broadcast_shapes(np.shape(mask) if not isinstance(mask, Value) else mask.shape, chosen.shape, left.shape)
    for one, rest in ((chosen, left), (left, chosen)):
        if isinstance(one, Value) and not isinstance(rest, Value) and not np.any(rest):
            return expand_to(net, one, shape)
    return arithmetic(net, "add", chosen, left)


@from_torch("torch.tril", "torch.Tensor.tril")
def tril(net: Builder, input: Value, diagonal: int = 0) -> Any:
    return _times(net, input, np.tri(*input.shape[-2:], diagonal, dtype=np.float32))


@from_torch("torch.triu", "torch.Tensor.triu")
def triu(net: Builder, input: Value, diagonal: int = 0) -> Any:
    return _times(net, input, 1 - np.tri(*input.shape[-2:], diagonal - 1, dtype=np.float32))


def _times(net: Builder, x: Value, mask: Any) -> Any:
    """X where the mask is 1, 0 where it is 0. A constant may hold inf: where the mask is 1, the sum overflows to it."""
    if not isinstance(mask, Value):
        mask = np.asarray(mask, np.float32)
    if isinstance(x, Value):
        net.bounds.refuse_hidden(x)
        return arithmetic(net, "mul", x, mask)
    x = np.asarray(x, np.float32)
    if not isinstance(mask, Value):
        return np.where(mask != 0, x, np.float32(0)).astype(np.float32)
    if np.isnan(x).any():
        raise Refused("a mask that puts NaN where it holds", "use a number")
    endless = np.isinf(x)
    if not endless.any():
        shape = np.broadcast_shapes(mask.shape, x.shape)
        return arithmetic(net, "mul", mask, x) if x.any() else np.zeros(shape, np.float32)
    steps = arithmetic(net, "mul", mask, np.where(endless, np.sign(x) * LARGE, 0).astype(np.float32))
    large = net.add(Power(scale=10.0), steps, name="inf")
    return arithmetic(net, "add", large, _times(net, np.where(endless, 0, x), mask)) if x[~endless].any() else large
