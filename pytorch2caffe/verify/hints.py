"""Recognizes common causes of a difference between a model and its files."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from .compare import Comparison, Row, compare

Arrays = Mapping[str, np.ndarray]
SAME_DIRECTION = 1e-2  # the part of a difference that a constant factor may leave


def hints(
    comparison: Comparison, reference: Arrays, actual: Arrays, inputs: Arrays, rerun: Callable[[Arrays], Arrays]
) -> Iterator[str]:
    """Yields the probable cause of the first difference, if it is a known one.

    reference, actual: the blobs of both runs, by name.
    inputs:            the inputs of the file, by name.
    rerun:             runs the file on other inputs and returns its blobs.
    """
    if (first := comparison.first) is None:
        return
    blob = first.blob
    if _differ_by_one(reference[blob].shape, actual[blob].shape):
        yield f"the size of {blob} differs by one: Caffe's pooling rounds sizes up, PyTorch's down without ceil_mode"
    elif _equal_with_reversed_channels(comparison, reference[blob], blob, inputs, rerun):
        yield (
            f"{blob} is equal if the channels of the input are reversed: the file expects BGR and the model RGB, "
            "or vice versa"
        )
    elif _is_multiple(first):
        yield f"{blob} is a constant multiple of the model's: check scales, mean divisors and the factor of BatchNorm"


def _is_multiple(row: Row) -> bool:
    """Whether a constant factor explains all but SAME_DIRECTION of a difference."""
    return math.sqrt(max(0.0, 1 - row.cosine**2)) < SAME_DIRECTION * min(row.relative_l2, SAME_DIRECTION)


def _differ_by_one(expected: tuple[int, ...], actual: tuple[int, ...]) -> bool:
    """Whether two shapes differ by one in spatial axes only."""
    differences = [abs(a - b) for a, b in zip(expected, actual, strict=False)]
    return len(expected) == len(actual) and max(differences, default=0) == 1 and not any(differences[:2])


def _equal_with_reversed_channels(
    comparison: Comparison, reference: np.ndarray, blob: str, inputs: Arrays, rerun: Callable[[Arrays], Arrays]
) -> bool:
    reversed_inputs = {name: _reverse_channels(array) for name, array in inputs.items()}
    if all(reversed_inputs[name] is array for name, array in inputs.items()):
        return False
    return compare({blob: reference}, rerun(reversed_inputs), tolerance=comparison.tolerance).equal


def _reverse_channels(array: np.ndarray) -> np.ndarray:
    return array[:, ::-1] if array.ndim == 4 and array.shape[1] == 3 else array
