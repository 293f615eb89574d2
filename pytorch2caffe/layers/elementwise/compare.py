"""Comparisons, and masks made of them: values that are 0 or 1, and bool in PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import axes_of, from_torch, keeps_masks
from ..activation.threshold import Threshold
from ..reduction.reduce import Reduce
from .arithmetic import arithmetic
from .power import Power


def inverse(net: Builder, mask: Any, name: str = "not") -> Any:
    """1 where the mask is 0, and 0 where it is 1."""
    if not isinstance(mask, Value):
        return np.logical_not(mask)
    return net.add(Power(scale=-1.0, shift=1.0), mask, name=name)


def mask_of(net: Builder, x: Value, function: Any) -> Any:
    """`x`, which must be True and False throughout: a mask, traced or constant."""
    kind = x in net.masks if isinstance(x, Value) else np.asarray(x).dtype == bool
    if not kind:
        raise Refused(f"{function} of numbers instead of True and False", "compare them first: x != 0")
    return x


def truth(net: Builder, x: Value) -> Any:
    """A mask as it is; of numbers, which are not 0."""
    if isinstance(x, Value):
        return x if x in net.masks else ne(net, x, 0.0)
    return np.asarray(x) != 0


def above(net: Builder, a: Value, b: Value) -> Any:
    """[a > b] as 0 or 1; `a` or `b` may be constant. A difference is 0 only of equal numbers, so nothing is rounded."""
    for constant in (c for c in (a, b) if not isinstance(c, Value)):
        if not np.isfinite(constant).all():
            raise Refused("a comparison with inf or NaN", "compare with a large number, as 1e30")
    if not isinstance(b, Value) and np.size(b) == 1 and np.ndim(b) <= len(a.shape):
        return net.add(Threshold(float(np.reshape(b, ()))), a, name="above")
    if not isinstance(a, Value) and np.size(a) == 1 and np.ndim(a) <= len(b.shape):
        minus = net.add(Power(scale=-1.0), b, name="minus")
        return net.add(Threshold(-float(np.reshape(a, ()))), minus, name="below")
    return net.add(Threshold(), arithmetic(net, "sub", a, b), name="above")


@from_torch("torch.gt", "torch.Tensor.gt", "torch.Tensor.__gt__", "torch.greater", "torch.Tensor.greater")
@keeps_masks
def gt(net: Builder, input: Value, other: Operand) -> Any:
    return above(net, input, other)


@from_torch("torch.lt", "torch.Tensor.lt", "torch.Tensor.__lt__", "torch.less", "torch.Tensor.less")
@keeps_masks
def lt(net: Builder, input: Value, other: Operand) -> Any:
    return above(net, other, input)


@from_torch("torch.ge", "torch.Tensor.ge", "torch.Tensor.__ge__", "torch.greater_equal", "torch.Tensor.greater_equal")
@keeps_masks
def ge(net: Builder, input: Value, other: Operand) -> Any:
    return inverse(net, above(net, other, input))


@from_torch("torch.le", "torch.Tensor.le", "torch.Tensor.__le__", "torch.less_equal", "torch.Tensor.less_equal")
@keeps_masks
def le(net: Builder, input: Value, other: Operand) -> Any:
    return inverse(net, above(net, input, other))


@from_torch("torch.ne", "torch.Tensor.ne", "torch.Tensor.__ne__", "torch.not_equal", "torch.Tensor.not_equal")
@keeps_masks
def ne(net: Builder, input: Value, other: Operand) -> Any:
    """Either is above the other."""
    return arithmetic(net, "add", above(net, input, other), above(net, other, input))


@from_torch("torch.eq", "torch.Tensor.eq", "torch.Tensor.__eq__")
@keeps_masks
def eq(net: Builder, input: Value, other: Operand) -> Any:
    return inverse(net, ne(net, input, other))


@from_torch("torch.Tensor.bool")
@keeps_masks
def as_mask(net: Builder, input: Value, *args: Any, **kwargs: Any) -> Any:
    """A cast to bool: what is not 0."""
    return ne(net, input, 0.0)


@from_torch("torch.logical_not", "torch.Tensor.logical_not")
@keeps_masks
def logical_not(net: Builder, input: Value) -> Any:
    return inverse(net, truth(net, input))


@from_torch("torch.logical_and", "torch.Tensor.logical_and")
@keeps_masks
def logical_and(net: Builder, input: Value, other: Operand) -> Any:
    return arithmetic(net, "mul", *_numbers(truth(net, input), truth(net, other)))


@from_torch("torch.logical_or", "torch.Tensor.logical_or")
@keeps_masks
def logical_or(net: Builder, input: Value, other: Operand) -> Any:
    """Not (neither of both)."""
    neither = _numbers(*(inverse(net, truth(net, x)) for x in (input, other)))
    return inverse(net, arithmetic(net, "mul", *neither), "")


@from_torch("torch.logical_xor", "torch.Tensor.logical_xor")
@keeps_masks
def logical_xor(net: Builder, input: Value, other: Operand) -> Any:
    """The square of their difference."""
    return net.add(Power(power=2.0), arithmetic(net, "sub", *_numbers(truth(net, input), truth(net, other))))


@from_torch("torch.bitwise_not", "torch.Tensor.bitwise_not", "torch.Tensor.__invert__")
@keeps_masks
def bitwise_not(net: Builder, input: Value) -> Any:
    return logical_not(net, mask_of(net, input, "not"))


@from_torch(
    "torch.bitwise_and",
    "torch.Tensor.bitwise_and",
    "torch.Tensor.__and__",
    "torch.Tensor.__rand__",
    "torch.Tensor.__iand__",
)
@keeps_masks
def bitwise_and(net: Builder, input: Value, other: Operand) -> Any:
    return logical_and(net, mask_of(net, input, "and"), mask_of(net, other, "and"))


@from_torch(
    "torch.bitwise_or", "torch.Tensor.bitwise_or", "torch.Tensor.__or__", "torch.Tensor.__ror__", "torch.Tensor.__ior__"
)
@keeps_masks
def bitwise_or(net: Builder, input: Value, other: Operand) -> Any:
    return logical_or(net, mask_of(net, input, "or"), mask_of(net, other, "or"))


@from_torch(
    "torch.bitwise_xor",
    "torch.Tensor.bitwise_xor",
    "torch.Tensor.__xor__",
    "torch.Tensor.__rxor__",
    "torch.Tensor.__ixor__",
)
@keeps_masks
def bitwise_xor(net: Builder, input: Value, other: Operand) -> Any:
    return logical_xor(net, mask_of(net, input, "xor"), mask_of(net, other, "xor"))


def _numbers(*masks: Any) -> Any:
    return [mask if isinstance(mask, Value) else np.asarray(mask, np.float32) for mask in masks]


@from_torch("torch.any", "torch.Tensor.any")
@keeps_masks
def any_of(net: Builder, input: Value, dim: Any = None, keepdim: bool = False) -> Any:
    return _over(net, "max", truth(net, input), dim, keepdim)


@from_torch("torch.all", "torch.Tensor.all")
@keeps_masks
def all_of(net: Builder, input: Value, dim: Any = None, keepdim: bool = False) -> Any:
    return _over(net, "min", truth(net, input), dim, keepdim)


def _over(net: Builder, operation: str, mask: Any, dim: int, keepdim: bool) -> Any:
    dims = axes_of(dim, len(mask.shape))
    return net.add(Reduce(operation, dims, bool(keepdim)), mask) if dims else mask
