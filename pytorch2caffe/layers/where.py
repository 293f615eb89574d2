"""Choosing by a constant mask."""

from __future__ import annotations

import numpy as np

from ..errors import Refused
from ..graph import Value
from ..registry import from_torch
from .arithmetic import arithmetic


@from_torch("torch.where")
def where(net, condition, input, other):
    """input where the constant condition holds, else other: each times its 0 or 1."""
    if isinstance(condition, Value):
        raise Refused("where with a condition that depends on the input", "use torch.maximum, clamp or relu")
    mask = np.asarray(condition, np.float32)
    return arithmetic(net, "add", _masked(net, input, mask), _masked(net, other, 1 - mask))


@from_torch("torch.Tensor.where")
def where_else(net, input, condition, other):
    return where(net, condition, input, other)


@from_torch("torch.masked_fill", "torch.Tensor.masked_fill", "torch.Tensor.masked_fill_")
def masked_fill(net, input, mask, value):
    if isinstance(mask, Value) or isinstance(value, Value):
        raise Refused("masked_fill with a mask or value that depends on the input", "use a constant mask and value")
    return where(net, np.logical_not(mask), input, np.float32(value))


@from_torch("torch.tril", "torch.Tensor.tril")
def tril(net, input, diagonal=0):
    return arithmetic(net, "mul", input, np.tri(*input.shape[-2:], diagonal, dtype=np.float32))


@from_torch("torch.triu", "torch.Tensor.triu")
def triu(net, input, diagonal=0):
    return arithmetic(net, "mul", input, 1 - np.tri(*input.shape[-2:], diagonal - 1, dtype=np.float32))


def _masked(net, x, mask):
    if isinstance(x, Value):
        return arithmetic(net, "mul", x, mask)
    return np.where(mask != 0, np.asarray(x, np.float32), np.float32(0)).astype(np.float32)
