"""Selection by a mask, constant or traced: each element is multiplied by 0 or 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Term, Value
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_torch, keeps_masks
from ..shape.expand import expand_to
from .arithmetic import arithmetic
from .eltwise import Eltwise
from .mask import inverse, mask_of

LARGE = 1.2e38  # four times as much is inf, twice as much is not
BOTH = "use torch.where(mask, a, b)"


@from_onnx_alike("Where")
@from_torch("torch.where")
@keeps_masks
def where(net: Builder, condition: Operand, input: Term | None = None, other: Term | None = None) -> Value:
    """input where the condition holds, else other."""
    if input is None or other is None:
        raise Refused("where with a condition only has an output shape that depends on the data", BOTH)
    return choose(net, mask_of(net, condition, "where"), input, other)


@from_torch("torch.Tensor.where")
@keeps_masks
def where_else(net: Builder, input: Operand, condition: Operand, other: Term) -> Value:
    return where(net, condition, input, other)


def choose(net: Builder, mask: Operand, input: Term, other: Term) -> Value:
    """`input` where the mask is 1, `other` where it is 0, broadcast; any of the three may be constant."""
    chosen, remaining = times_mask(net, input, mask), times_mask(net, other, inverse(net, mask))
    shape = np.broadcast_shapes(mask.shape, chosen.shape, remaining.shape)
    for one, other_part in ((chosen, remaining), (remaining, chosen)):
        if isinstance(one, Value) and not isinstance(other_part, Value) and not np.any(other_part):
            return expand_to(net, one, shape)
    return arithmetic(net, "add", chosen, remaining)


def times_mask(net: Builder, x: Term, mask: Operand) -> Any:
    """`x` where the mask is 1, 0 where it is 0; a Value, or an array if both are constant.

    A constant `x` may contain inf: it is computed from a large number, which overflows where the mask is 1. The last
    step is an Eltwise because OpenCV joins Powers, and 0 times a factor that overflows is NaN.
    """
    if not isinstance(mask, Value):
        mask = np.asarray(mask, np.float32)
    if isinstance(x, Value):
        net.bounds.refuse_hidden(x)
        return arithmetic(net, "mul", x, mask)
    x = np.asarray(x, np.float32)
    if not isinstance(mask, Value):
        return np.where(mask != 0, x, np.float32(0)).astype(np.float32)
    if np.isnan(x).any():
        raise Refused("a mask that writes NaN", "use a number")
    infinite = np.isinf(x)
    if not infinite.any():
        shape = np.broadcast_shapes(mask.shape, x.shape)
        return arithmetic(net, "mul", mask, x) if x.any() else np.zeros(shape, np.float32)
    steps = arithmetic(net, "mul", mask, np.where(infinite, np.sign(x) * LARGE, 0).astype(np.float32))
    large = net.add(Eltwise("SUM", (2.0, 2.0)), steps, steps, name="inf")
    if not x[~infinite].any():
        return large
    return arithmetic(net, "add", large, times_mask(net, np.where(infinite, 0, x), mask))
