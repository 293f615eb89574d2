"""ncnn2table's KL search over a histogram: every threshold, in closed form.

For a threshold of T bins: P = histogram[:T] / total, with what lies beyond added to its last bin; Q = the same bins
without it, averaged within 128 groups of T / 128 bins, edges shared in proportion; 1e-4 is added to every bin of both.
The threshold with the least sum of p log(p / q) wins, the first of equals.

An average over a group is the slope of the cumulative histogram between two knots. So Q is constant within a group, but
for the bin that holds a knot, and the sum needs one logarithm per group and one per knot instead of one per bin.

Source: ncnn, tools/quantize/ncnn2table.cpp, QuantNet::quantize_KL (which computes in float32, this in float64).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

LEVELS = 128
EPSILON = 1e-4


def keep_bins(histogram: np.ndarray, levels: int = LEVELS) -> int:
    """How many bins of `histogram` to keep so that int8 loses the least information, as ncnn2table counts it.

    histogram: counts of |activation| in equal bins from 0 up, zeros left out, [bins]; not normalised.
    levels:    magnitudes that int8 can tell apart.

    Returns n, levels <= n < bins: the threshold is (n + 0.5) bin widths.
    Raises ValueError if no count is positive, or some are not counts: such an activation has no range to choose.

    >>> keep_bins(np.r_[np.ones(2048)])  # flat: any cut would clip, so keep everything
    2047
    """
    return levels + int(np.argmin(divergences(histogram, levels)))


def divergences(histogram: np.ndarray, levels: int = LEVELS) -> np.ndarray:
    """The divergence for each threshold from `levels` bins up, float64 [bins - levels]."""
    counts = check_counts(histogram, levels)
    mass = counts / counts.sum()
    p = np.append(mass + EPSILON, EPSILON)
    sums = _Sums(np.append(mass, 0.0), p, *map(_prefix, (mass, p, p * np.log(p))))
    parts = (_Grid(*(array[rows] for array in _grid(len(mass), levels))) for rows in _pieces(len(mass) - levels))
    return np.concatenate([_part(sums, part, levels) for part in parts])


class _Sums(NamedTuple):
    """mass: the histogram, sum 1, a 0 behind; p: it + 1e-4; their prefix sums, and those of p log p."""

    mass: np.ndarray
    p: np.ndarray
    up_to: np.ndarray
    p_up_to: np.ndarray
    entropy: np.ndarray


def _part(sums: _Sums, grid: _Grid, levels: int) -> np.ndarray:
    fraction = grid.fraction
    at_knots = sums.up_to.take(grid.floor) + fraction * sums.mass.take(grid.floor)
    average = np.diff(at_knots, axis=1) * (levels / grid.kept)[:, None]
    mixed = average[:, 1:] + fraction[:, 1:-1] * (average[:, :-1] - average[:, 1:])  # in the bins that hold a knot
    whole = sums.p_up_to.take(grid.floor[:, 1:]) - sums.p_up_to.take(grid.first)
    log_average = np.log(average + EPSILON)
    cross = np.einsum("tj,tj->t", whole, log_average)
    cross += np.einsum("tj,tj->t", sums.p.take(grid.floor[:, 1:-1]), np.log(mixed + EPSILON))
    last, beyond = sums.p[grid.kept - 1], 1 - sums.up_to[grid.kept]
    clipped = (last + beyond) * np.log(last + beyond) - last * np.log(last) - beyond * log_average[:, -1]
    return sums.entropy[grid.kept] - cross + clipped


def _prefix(values: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(values)])


def _pieces(count: int, rows: int = 192) -> list[slice]:
    """Rows that fit the processor's cache together: four times as fast as all at once."""
    return [slice(start, start + rows) for start in range(0, count, rows)]


class _Grid(NamedTuple):
    """Where the knots between the groups of each threshold lie: knot j of T is j T / levels = floor + fraction."""

    kept: np.ndarray  # [thresholds]
    floor: np.ndarray  # [thresholds, levels + 1]
    fraction: np.ndarray  # the same
    first: np.ndarray  # the first bin wholly within each group, [thresholds, levels]


@lru_cache(maxsize=2)
def _grid(bins: int, levels: int) -> _Grid:
    kept = np.arange(levels, bins)
    knots = kept[:, None] * np.arange(levels + 1)
    floor = knots // levels
    first = floor[:, :-1] + 1
    first[:, 0] = 0
    return _Grid(kept, floor, (knots % levels) / levels, first)


def check_counts(histogram: np.ndarray, levels: int) -> np.ndarray:
    """The histogram as float64. Raises ValueError for one in which there is nothing to search."""
    counts = np.asarray(histogram, np.float64)
    if counts.ndim != 1 or len(counts) <= levels:
        raise ValueError(f"a histogram of shape {list(counts.shape)}; more than {levels} bins are needed")
    if not np.all(counts >= 0) or not 0 < counts.sum() < np.inf:
        raise ValueError("a histogram without a positive count, or with counts that are none")
    return counts
