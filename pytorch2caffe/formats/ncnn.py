"""A layer of ncnn as data, and the shape of a tensor in ncnn: without its batch axis.

A value of shape [1, C, H, W] is an ncnn blob of three axes C, H, W; one with another first size, [7, 1, 12], has all
of its axes. ncnn names them from the last: w, h, (d,) c. A tensor of more than four axes is stored as one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import prod
from typing import Any

import numpy as np

from ..errors import Refused

MOST_AXES = 4
SHAPE = ""
LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class Tagged:
    """A weight that ncnn stores after a tag with its type: float32, half or int8."""

    array: np.ndarray


@dataclass(frozen=True, eq=False)
class Ncnn:
    """A layer of ncnn.

    type, params: its name, and its settings by their numbers; a tuple is an array.
                  The type SHAPE is not a layer: only the shape changes.
    weights:      in ncnn's order; plain arrays are float32 always.
    reads, gives: the blob shapes of its inputs and outputs where they differ from the values'; () if none does, None
                  for one that does not. The writer adds Reshape layers.
    of_ints:      its inputs are int32, which only an input of the network can be.
    """

    type: str
    params: dict[int, Any] = field(default_factory=dict)
    weights: tuple[Tagged | np.ndarray, ...] = ()
    reads: tuple[tuple[int, ...] | None, ...] = ()
    gives: tuple[tuple[int, ...] | None, ...] = ()
    of_ints: bool = False


def blob_shape(shape: Sequence[int]) -> tuple[int, ...]:
    """The axes of a value in ncnn, outermost first.

    >>> [blob_shape(shape) for shape in ((1, 3, 8, 8), (7, 1, 12), (1,), (), (1, 2, 3, 2, 3, 4))]
    [(3, 8, 8), (7, 1, 12), (1,), (1,), (144,)]
    """
    dims = tuple(shape[1:]) if _without_batch(shape) else tuple(shape) or (1,)
    return dims if len(dims) <= MOST_AXES else (prod(dims),)


def _without_batch(shape: Sequence[int]) -> bool:
    return len(shape) > 1 and shape[0] == 1


def along(shape: Sequence[int], *axes: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A shape in which ncnn can operate along these axes of a value, and the axes in it.

    The blob's own; or, for the batch axis or more than four axes, with adjacent axes joined.

    >>> along((1, 3, 8, 9), 3), along((2, 3, 8), 0), along((1, 3, 8, 9), 0), along((3, 64, 3, 49, 32), 0)
    (((3, 8, 9), (2,)), ((2, 3, 8), (0,)), ((1, 216), (0,)), ((3, 301056), (0,)))
    """
    wanted = {axis % len(shape) for axis in axes}
    lost = int(_without_batch(shape))
    if len(shape) - lost <= MOST_AXES and min(wanted, default=lost) >= lost:
        return blob_shape(shape), tuple(sorted(axis - lost for axis in wanted))
    runs = [(key, [size for _, size in run]) for key, run in groupby(enumerate(shape), lambda item: item[0] in wanted)]
    if len(runs) > MOST_AXES:
        raise Refused(f"ncnn works on {MOST_AXES} axes, which cannot be axes {sorted(wanted)} of {list(shape)}")
    return tuple(prod(sizes) for _, sizes in runs), tuple(i for i, (key, _) in enumerate(runs) if key)


def replaced(dims: Sequence[int], axes: Sequence[int], size: int) -> tuple[int, ...]:
    """A shape with the size of some axes replaced."""
    return tuple(size if axis in axes else own for axis, own in enumerate(dims))


class SeveralSamples(Refused):
    """A layer that gives each sample its own result, and several samples."""


def one_sample(shape: Sequence[int], *axes: int) -> None:
    """Raises Refused unless the value has one of these numbers of axes (4 unless given); SeveralSamples then."""
    if len(shape) not in (axes or (4,)):
        raise Refused(f"ncnn takes {' or '.join(map(str, axes or (4,)))} axes here, not {list(shape)}", "reshape it")
    if shape[0] != 1:
        raise SeveralSamples(f"a batch of {shape[0]}; ncnn accepts one sample at a time", "convert with a batch of 1")


def reshape(dims: Sequence[int]) -> dict[int, int]:
    """The params of a Reshape to these axes, outermost first.

    >>> reshape((3, 8, 9))
    {0: 9, 1: 8, 2: 3}
    """
    keys = {1: (0,), 2: (1, 0), 3: (2, 1, 0), 4: (2, 11, 1, 0)}[len(dims)]
    return dict(sorted(zip(keys, dims, strict=True)))


def activation(type: str, params: dict[int, Any]) -> dict[int, Any] | None:
    """The params 9 and 10 of a weighted layer that applies this activation itself; None if it cannot.

    >>> activation("ReLU", {}), activation("ReLU", {0: 0.1}), activation("Clip", {0: 0.0, 1: 6.0})
    ({9: 1}, {9: 2, 10: (0.1,)}, {9: 3, 10: (0.0, 6.0)})
    """
    if type == "ReLU":
        return {9: 2, 10: (params[0],)} if params.get(0) else {9: 1}
    if type == "Clip":
        return {9: 3, 10: (params.get(0, -LARGEST), params.get(1, LARGEST))}
    if type == "HardSwish":
        return {9: 6, 10: (params[0], params[1])}
    return {"Sigmoid": {9: 4}, "Mish": {9: 5}}.get(type)


BINARY = {"add": 0, "sub": 1, "mul": 2, "div": 3, "max": 4, "min": 5, "atan2": 10}


def binary(operation: str, shapes: Sequence[Sequence[int]]) -> Ncnn:
    """A BinaryOp of two values, broadcast as in PyTorch: both are given the same number of axes."""
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    sizes = list(zip(*padded, strict=True))
    while len(sizes) > 1 and set(sizes[0]) == {1}:
        sizes.pop(0)
    if len(sizes) > MOST_AXES:  # adjacent axes with the same broadcast are joined
        runs = [list(run) for _, run in groupby(sizes, lambda pair: tuple(size == 1 for size in pair))]
        sizes = [(prod(a for a, _ in run), prod(b for _, b in run)) for run in runs]
    if len(sizes) > MOST_AXES:
        raise Refused(f"ncnn's BinaryOp broadcasts over {MOST_AXES} axes, here {' and '.join(map(str, shapes))}")
    return Ncnn("BinaryOp", {0: BINARY[operation]}, (), tuple(zip(*sizes, strict=True)))
