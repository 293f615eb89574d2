"""Decides whether a difference from the model is rounding, from three runs: in float32, in float64, and of the file.

float32 has 24 bits: two right programs for one network differ by rounding, and some networks amplify that beyond any
fixed tolerance. A float64 run of the model tells how much: the file is right where it is not farther from float64 than
the float32 model is, up to FACTOR, or than the rounding of the numbers it is computed from explains, up to ROUNDINGS.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from .compare import Row, chunks

FACTOR = 10.0  # how many times farther from float64 than the float32 model the file may be
ROUNDINGS = 8.0  # how many times the effect of one rounding of each operand counts as zero
LOCAL_ROUNDINGS = 2.0  # the same for a part in float64, which is off only by the rounding of the file's own numbers
LOCAL = 0.01  # the part of the tolerance that remains where no rounding is amplified: from the model's own values


@dataclass(frozen=True)
class Distance:
    """How far one array is from another of its shape: the largest difference and the Euclidean distance, absolute.

    Both are inf where NaN or inf is on one side only.
    """

    max_abs: float = 0.0
    l2: float = 0.0

    def __mul__(self, factor: float) -> Distance:
        return Distance(self.max_abs * factor, self.l2 * factor)

    def __add__(self, other: Distance) -> Distance:
        return Distance(self.max_abs + other.max_abs, self.l2 + other.l2)

    def __le__(self, other: Distance) -> bool:
        return self.max_abs <= other.max_abs and self.l2 <= other.l2

    def larger(self, other: Distance) -> Distance:
        """The larger of each of the two numbers."""
        return Distance(max(self.max_abs, other.max_abs), max(self.l2, other.l2))


NOTHING = Distance()


def distance(one: np.ndarray, other: np.ndarray) -> Distance:
    """The distance of two arrays of one shape; NaN from NaN, and inf from the same inf, is 0.

    >>> distance(np.array([3.0, 0.0]), np.array([0.0, 4.0]))
    Distance(max_abs=4.0, l2=5.0)
    """
    max_abs = squares = 0.0
    for a, b in chunks(one, other):
        with np.errstate(invalid="ignore"):
            same = (a == b) | (np.isnan(a) & np.isnan(b))
            difference = np.where(same, 0.0, np.abs(a - b))
        difference[np.isnan(difference)] = math.inf
        max_abs = max(max_abs, float(difference.max(initial=0.0)))
        squares += float(difference @ difference)
    return Distance(max_abs, math.sqrt(squares))


def magnitude(array: np.ndarray) -> Distance:
    """The distance from zero of the finite numbers of an array."""
    return distance(np.where(np.isfinite(array), array, 0), np.zeros_like(array))


@dataclass(frozen=True)
class Judgement:
    """equal: whether the file is right within float32. model, file: how far each is from float64."""

    equal: bool
    model: Distance
    file: Distance


def judge(
    reference32: np.ndarray,
    reference64: np.ndarray,
    actual: np.ndarray,
    floor: Distance = NOTHING,
    tolerance: float = 0.0,
    rounding: Distance = NOTHING,
) -> Judgement:
    """Whether `actual` is as near to the model in float64 as float32 allows.

    reference32, reference64: the model's values in float32 and in float64.
    actual:    the file's values.
    floor:     the effect of one rounding of each number that the blob is computed from.
    tolerance: a distance from float64, relative to its magnitude, that is accepted in any case.
    rounding:  how far other roundings of the model are from float64, if that is known: one run may be near by chance.

    Where only one of the two references is finite, the one in float32 counts: float32 itself overflows there.

    >>> judge(np.array([1.001]), np.array([1.0]), np.array([0.998])).equal
    True
    >>> judge(np.array([1.001]), np.array([1.0]), np.array([0.98])).equal
    False
    """
    finite = np.isfinite(reference32) & np.isfinite(reference64)
    exact = reference64 if finite.all() else np.where(finite, reference64, reference32)
    model, file = distance(reference32, exact).larger(rounding), distance(actual, exact)
    accepted = (model * FACTOR + floor * ROUNDINGS).larger(magnitude(exact) * tolerance)
    return Judgement(file <= accepted and math.isfinite(file.max_abs), model, file)


def judged(row: Row, judgement: Judgement, reference32: np.ndarray) -> Row:
    """The row of a blob that differs from the float32 model, `reference32`, as the model in float64 judges it."""
    size = magnitude(reference32).l2
    model = judgement.model.l2 / size if size else math.inf
    return replace(row, equal=judgement.equal, model_max_abs=judgement.model.max_abs, model_relative_l2=model)


def locally_equal(
    expected: np.ndarray, computed: np.ndarray, floor: Distance, tolerance: float, roundings: float = LOCAL_ROUNDINGS
) -> bool:
    """Whether a part of the file, run on the model's own values, gives the model's values.

    expected, computed: the model's values, and those of the part; both in one type, float64 or float32.
    floor:     as for `judge`; `roundings` times it is accepted.
    tolerance: of the comparison of the whole network; LOCAL of it is accepted, since nothing amplifies rounding here.
    """
    found = distance(expected, computed)
    accepted = magnitude(expected) * (LOCAL * tolerance) + floor * roundings
    return found <= accepted and math.isfinite(found.max_abs)
