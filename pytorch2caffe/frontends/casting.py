"""What changes of type do to the numbers: a Graph computes in float32, which holds integers up to 2^24 exactly.

Types are numpy's; float32 stands for a float of any size.
"""

from __future__ import annotations

import numpy as np

from ..errors import Refused
from ..graph.bounds import ValueBounds
from ..graph.builder import Builder
from ..graph.graph import Value
from ..graph.registry import ANY, Bounds
from ..layers.elementwise.compare import ne
from ..layers.elementwise.rounding import Rounding

EXACT = 1 << 24  # float32 holds every integer up to it


def range_of(dtype: np.dtype) -> Bounds:
    """The least and the greatest number of a type that is bool or an integer."""
    if dtype.kind == "b":
        return 0.0, 1.0
    info = np.iinfo(dtype)
    return float(info.min), float(info.max)


def declare(bounds: ValueBounds, value: Value, dtype: np.dtype, is_input: bool = False) -> None:
    """Records that a value holds integers if its type says so; an input holds those that float32 holds exactly."""
    if dtype.kind in "iub":
        low, high = range_of(dtype)
        known = is_input or dtype.kind == "b"
        bounds.declare_integers(value, (max(low, -EXACT), min(high, EXACT)) if known else ANY)


def converted(net: Builder, value: Value, source: np.dtype, target: np.dtype, what: str) -> Value:
    """A value of type `source` converted to `target`: integers lose the fraction, bool is whether it is not 0.

    what: the conversion, for messages. Raises Refused for numbers that are not known to be within the target's range,
    except for floats that become int32 or int64: they are taken to be within what float32 holds exactly, 2^24.
    """
    if target.kind == "b":
        if source.kind == "b" or net.bounds.are_integers(value) and not outside_of(net.bounds.of(value), target):
            return value
        mask = ne(net, value, 0.0)
        net.bounds.declare_integers(mask, range_of(target))
        return mask
    if target.kind == "f" or np.promote_types(source, target) == target:
        return value
    fraction = source.kind == "f" and not net.bounds.are_integers(value)
    low, high = (float(np.trunc(bound)) for bound in net.bounds.of(value))
    outside = outside_of((low, high), target)
    if outside and (not fraction or target.itemsize < 4):
        raise Refused(what + outside, "clamp them first, or keep them in float")
    if not fraction:
        return value
    truncated: Value = net.add(Rounding("trunc"), value)
    net.bounds.declare_integers(truncated, (max(low, -EXACT), min(high, EXACT)))
    return truncated


def outside_of(bounds: Bounds, dtype: np.dtype) -> str:
    """What is wrong with numbers within `bounds` as this type, or ""."""
    low, high = range_of(dtype)
    if low <= bounds[0] and bounds[1] <= high:
        return ""
    return f": its numbers are not known to be within {low:.0f} and {high:.0f}"
