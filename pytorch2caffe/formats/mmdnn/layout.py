"""Axes of the IR's tensors and of the Graph's: with 4 or 5 axes channels are last in the IR, first in the Graph."""

from __future__ import annotations

from collections.abc import Sequence

Shape = tuple[int, ...]
TURNED = (4, 5)  # the ranks of tensors whose axes differ


def channels_first(rank: int) -> Shape:
    """The order that transposes a tensor of the IR to the Graph's: axis i of the Graph is axis order[i] of the IR.

    >>> channels_first(4), channels_first(2)
    ((0, 3, 1, 2), (0, 1))
    """
    return (0, rank - 1, *range(1, rank - 1)) if rank in TURNED else tuple(range(rank))


def channels_last(rank: int) -> Shape:
    """The order that transposes a tensor of a Graph to the IR's.

    >>> channels_last(4), channels_last(3)
    ((0, 2, 3, 1), (0, 1, 2))
    """
    return (0, *range(2, rank), 1) if rank in TURNED else tuple(range(rank))


def graph_shape(shape: Sequence[int]) -> Shape:
    """A shape of the IR as the Graph's.

    >>> graph_shape((1, 5, 7, 3))
    (1, 3, 5, 7)
    """
    return tuple(shape[axis] for axis in channels_first(len(shape)))


def ir_shape(shape: Sequence[int]) -> Shape:
    """A shape of a Graph as the IR's."""
    return tuple(shape[axis] for axis in channels_last(len(shape)))


def graph_axis(axis: int, rank: int) -> int:
    """The Graph's axis for an axis of the IR, both from 0.

    >>> [graph_axis(axis, 4) for axis in range(4)]
    [0, 2, 3, 1]
    """
    return channels_first(rank).index(axis)


def ir_axis(axis: int, rank: int) -> int:
    """The IR's axis for an axis of a Graph, both from 0."""
    return channels_last(rank).index(axis)
