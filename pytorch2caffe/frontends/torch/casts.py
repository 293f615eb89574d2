"""Changes of type: Caffe computes in float32, so that a cast is free where it keeps the numbers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

from ...errors import Refused
from ...graph.bounds import ValueBounds
from ...graph.builder import Builder
from ...graph.graph import Value
from .. import casting
from .functions import short_name

_CASTS = """
    to type float half double bfloat16 int long short char byte bool cpu cuda type_as as_tensor asarray tensor
    new_tensor _to_copy
"""
CASTS = set(_CASTS.split())
_TYPES = {
    "float": torch.float32,
    "half": torch.float16,
    "double": torch.float64,
    "bfloat16": torch.bfloat16,
    "int": torch.int32,
    "long": torch.int64,
    "short": torch.int16,
    "char": torch.int8,
    "byte": torch.uint8,
    "bool": torch.bool,
}
WRITTEN = {
    "copy_": 1,
    "fill_": 1,
    "__setitem__": 2,
}  # the position of the tensor whose numbers get the type of the first argument


class Cast(NamedTuple):
    """A change of type of the tensor `source`. copies: the result never shares its memory."""

    source: torch.Tensor
    target: torch.dtype
    copies: bool


def cast_of(name: str, args: Any, kwargs: Any) -> Cast | None:
    """The cast that a call is; None for a call that is not a cast of a tensor."""
    short = short_name(name)
    if short not in CASTS or not args:
        return None
    default, *rest = args
    source = rest.pop(0) if short == "new_tensor" and rest else default
    if not isinstance(source, torch.Tensor):
        return None
    target = _TYPES.get(short) or _target(short, [*rest, *kwargs.values()], default)
    copies = short in ("tensor", "new_tensor") or bool(kwargs.get("copy", False))
    return None if target is None else Cast(source, target, copies)


def _target(short: str, rest: list[Any], default: torch.Tensor) -> torch.dtype | None:
    if short == "type":
        if not rest or rest == [None]:
            return None
        if not isinstance(rest[0], torch.dtype):  # "torch.FloatTensor", or that class
            text = rest[0] if isinstance(rest[0], str) else f"{rest[0].__module__}.{rest[0].__name__}"
            return _TYPES.get(text.rsplit(".", 1)[-1].removesuffix("Tensor").lower())
    for item in rest:
        if isinstance(item, (torch.dtype, torch.Tensor)):
            return item if isinstance(item, torch.dtype) else item.dtype
    return default.dtype


def numpy_type(dtype: torch.dtype) -> np.dtype:
    """The same type of numpy; float32 for a float of any size."""
    if dtype.is_floating_point or dtype.is_complex or dtype == torch.bool:
        return np.dtype(bool if dtype == torch.bool else np.complex64 if dtype.is_complex else np.float32)
    info = torch.iinfo(dtype)
    return np.dtype(f"{'int' if info.min else 'uint'}{info.bits}")


def converted(net: Builder, value: Value, source: torch.dtype, target: torch.dtype, name: str) -> Value:
    """A value of type `source` as PyTorch converts it to `target`, as `casting.converted`.

    name: the function that converts. Raises Refused for complex numbers too.
    """
    what = f"{name} converts {source} to {target}"
    if target.is_complex:
        raise Refused(f"{what}, Caffe has float32 only", "keep the numbers in float")
    return casting.converted(net, value, numpy_type(source), numpy_type(target), what)


def overflow_of(net: Builder, value: Value, dtype: torch.dtype, name: str) -> tuple[str, str] | None:
    """What is wrong with integers that `name` computed in `dtype`, and its fix, if they may wrap round; else None."""
    what, fix = f"{name} computes in {dtype}, Caffe in float32", "convert it with .float() first"
    if dtype == torch.bool and not net.bounds.are_integers(value):
        return what, fix
    outside = casting.outside_of(net.bounds.of(value), numpy_type(dtype))
    return (what + outside, fix) if outside else None


def declare(bounds: ValueBounds, value: Value, dtype: torch.dtype, is_input: bool = False) -> None:
    """As `casting.declare`."""
    if not dtype.is_complex:
        casting.declare(bounds, value, numpy_type(dtype), is_input)


def cast_operands(net: Builder, name: str, args: Any, swapped: Any) -> Any:
    """`swapped`, (args, kwargs) with values for tensors, with the operand converted that the call converts first.

    The call converts its first argument to the type `dtype`, or what it writes to the type of what it writes into.
    """
    values, named = swapped
    first = args[0] if args else None
    if not isinstance(first, torch.Tensor):
        return swapped
    dtype = named.get("dtype")
    if isinstance(dtype, torch.dtype) and isinstance(values[0], Value):
        return (converted(net, values[0], first.dtype, dtype, name), *values[1:]), named
    position = WRITTEN.get(short_name(name), len(args))
    if position >= len(args):
        return swapped
    operand = args[position]
    if isinstance(values[position], Value) and isinstance(operand, torch.Tensor):
        new: Any = converted(net, values[position], operand.dtype, first.dtype, name)
    elif isinstance(operand, (torch.Tensor, bool, int, float)):
        new = torch.as_tensor(operand).to(first.dtype).numpy() if not first.is_floating_point() else values[position]
    else:
        return swapped
    return (*values[:position], new, *values[position + 1 :]), named
