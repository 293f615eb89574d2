"""torch.atleast_1d, atleast_2d and atleast_3d."""

from __future__ import annotations

from collections.abc import Sequence

from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ...graph.registry import from_torch, unpacked
from .reshape import reshape_to

Tensors = Sequence[Operand | Sequence[Operand]]


def at_least(axes: int, shape: Shape) -> Shape:
    """The shape with ones added to have 1, 2 or 3 axes. For 3 axes [n] becomes [1, n, 1] and [m, n] becomes [m, n, 1].

    >>> at_least(1, ()), at_least(2, (5,)), at_least(3, (5,)), at_least(3, (4, 5))
    ((1,), (1, 5), (1, 5, 1), (4, 5, 1))
    """
    if axes == 3:
        return ((1,) * (2 - len(shape)) + shape + (1,))[: max(3, len(shape))]
    return (1,) * (axes - len(shape)) + shape


@from_torch("torch.atleast_1d", "torch.functional.atleast_1d")
def atleast_1d(net: Builder, *tensors: Operand | Sequence[Operand]) -> Value | list[Value]:
    return _each(net, tensors, 1)


@from_torch("torch.atleast_2d", "torch.functional.atleast_2d")
def atleast_2d(net: Builder, *tensors: Operand | Sequence[Operand]) -> Value | list[Value]:
    return _each(net, tensors, 2)


@from_torch("torch.atleast_3d", "torch.functional.atleast_3d")
def atleast_3d(net: Builder, *tensors: Operand | Sequence[Operand]) -> Value | list[Value]:
    return _each(net, tensors, 3)


def _each(net: Builder, tensors: Tensors, axes: int) -> Value | list[Value]:
    """One tensor in its new shape, or a list of them."""
    operands: Sequence[Operand] = unpacked(tensors)
    reshaped = [reshape_to(net, x, at_least(axes, tuple(x.shape))) for x in operands]
    return reshaped if len(tensors) > 1 or isinstance(tensors[0], (tuple, list)) else reshaped[0]
