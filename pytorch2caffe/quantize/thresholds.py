"""From a histogram of magnitudes to the threshold that int8's 127 stands for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from . import kl, reference

BINS = 2048
LEVELS = 127
SMALLEST = 128  # bins: no search cuts off more than all but these


@dataclass(frozen=True)
class Range:
    """What is known of one activation.

    histogram: counts of |x| in BINS equal bins from 0 to absmax, zeros left out (for `reference`: of positive x, with
               zeros in the first bin), [BINS].
    absmax:    the largest |x|, positive.
    volume:    numbers in it for one image, channels x height x width.
    """

    histogram: np.ndarray
    absmax: float
    volume: int

    @property
    def width(self) -> float:
        """Of a bin."""
        return self.absmax / len(self.histogram)


def by_kl(range: Range) -> float:
    """ncnn2table's: the least Kullback-Leibler divergence. Good for activations with long tails."""
    return (kl.keep_bins(range.histogram) + 0.5) * range.width


def by_reference(range: Range) -> float:
    """caffe-int8-convert-tool-dev-weight.py's, quirks included. Clips less than `kl`."""
    return (reference.keep_bins(range.histogram) + 0.5) * range.width


def by_max(range: Range) -> float:
    """The largest magnitude seen: nothing is clipped."""
    return range.absmax


def by_aciq(range: Range) -> float:
    """From the largest magnitude and the count alone, as if Gaussian; never more than the largest magnitude.

    Source: Banner et al., "Post training 4-bit quantization", 2018; its constants as in ncnn2table.
    """
    if range.volume < 2:
        return range.absmax
    spread = 0.175 * (1 + math.sqrt(math.pi * math.log(4))) / math.sqrt(2 * math.log(range.volume))
    return min(3.92403714 * 2 * spread * range.absmax, range.absmax)


def by_percentile(range: Range, percent: float = 99.99) -> float:
    """The magnitude that `percent` of the activations that are not 0 stay below."""
    if not 0 < percent <= 100:
        raise ValueError(f"a percentile of {percent}; it lies above 0 and up to 100")
    if percent == 100:
        return range.absmax
    cumulative = np.cumsum(range.histogram)
    bin = int(np.searchsorted(cumulative, cumulative[-1] * percent / 100))
    return (bin + 1) * range.width


def by_mse(range: Range) -> float:
    """The least mean squared error of rounding and clipping together, over every threshold of whole bins."""
    errors = _squared_errors(np.asarray(range.histogram, np.float64))
    return (SMALLEST + int(np.argmin(errors))) * range.width


METHODS: dict[str, Callable[[Range], float]] = {
    "kl": by_kl,
    "aciq": by_aciq,
    "max": by_max,
    "percentile": by_percentile,
    "mse": by_mse,
    "reference": by_reference,
}


def noise(range: Range, threshold: float) -> tuple[float, float, float]:
    """What int8 with this threshold does: mean square of the activation, of the error, and the share that is clipped.

    Means over the activations in the histogram; each counts as the middle of its bin.
    """
    x = (np.arange(len(range.histogram)) + 0.5) * range.width
    counts = np.asarray(range.histogram, np.float64)
    total = counts.sum()
    step = threshold / LEVELS
    error = x - np.minimum(np.floor(x / step + 0.5), LEVELS) * step
    clipped = counts[x > threshold].sum()
    return float(counts @ x**2 / total), float(counts @ error**2 / total), float(clipped / total)


def _squared_errors(counts: np.ndarray) -> np.ndarray:
    """The summed squared error for each threshold of SMALLEST.. bins, in bin widths squared.

    The bins that round to level v, from prefix sums of n, n x and n x^2: sum n x^2 - 2 v sum n x + v^2 sum n.
    """
    x = np.arange(len(counts)) + 0.5
    ones, first = (np.concatenate([[0.0], np.cumsum(counts * x**power)]) for power in (0, 1))
    total = float(counts @ x**2)
    found = []
    for edges, levels in _cells(len(counts)):
        n, nx = np.diff(ones.take(edges), axis=1), np.diff(first.take(edges), axis=1)
        found.append(total + np.einsum("tj,tj->t", levels, levels * n - 2 * nx))
    return np.concatenate(found)


@lru_cache(maxsize=1)
def _cells(bins: int, rows: int = 192) -> list[tuple[np.ndarray, np.ndarray]]:
    """For thresholds of SMALLEST..bins bins: the first bin of each level [rows, 129], and the levels [rows, 128]."""
    found = []
    for start in range(SMALLEST, bins + 1, rows):
        step = np.arange(start, min(start + rows, bins + 1))[:, None] / LEVELS
        levels = np.arange(LEVELS + 1) * step
        edges = np.ceil(levels - 0.5 * step - 0.5).clip(0, bins).astype(np.int64)
        found.append((np.concatenate([edges, np.full((len(edges), 1), bins)], axis=1), levels))
    return found
