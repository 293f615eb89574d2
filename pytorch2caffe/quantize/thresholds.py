"""From the histogram of an activation to the threshold that becomes 127 in int8. METHODS lists the searches."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from . import kl, reference_kl

BINS = 2048
LEVELS = 127
MIN_BINS = 128  # every search keeps at least so many


@dataclass(frozen=True)
class ActivationStats:
    """The magnitudes of one activation over all images.

    histogram: counts of |x| in BINS equal bins from 0 to absmax, zeros left out (for `reference`: of positive x, with
               zeros in the first bin), [BINS].
    absmax:    the largest |x|, positive.
    volume:    elements per image, channels x height x width.
    """

    histogram: np.ndarray
    absmax: float
    volume: int

    @property
    def bin_width(self) -> float:
        """The width of a bin, in the activation's unit."""
        return self.absmax / len(self.histogram)


def by_kl(activation: ActivationStats) -> float:
    """The least Kullback-Leibler divergence, as ncnn2table computes it. Good for activations with long tails."""
    return (kl.keep_bins(activation.histogram) + 0.5) * activation.bin_width


def by_reference(activation: ActivationStats) -> float:
    """The threshold of caffe-int8-convert-tool-dev-weight.py, quirks included. Clips less than `by_kl`."""
    return (reference_kl.keep_bins(activation.histogram) + 0.5) * activation.bin_width


def by_max(activation: ActivationStats) -> float:
    """The largest magnitude seen: nothing is clipped."""
    return activation.absmax


def by_aciq(activation: ActivationStats) -> float:
    """Computed from the largest magnitude and the volume as for a Gaussian; at most the largest magnitude.

    Source: Banner et al., "Post training 4-bit quantization", 2018; its constants as in ncnn2table.
    """
    if activation.volume < 2:
        return activation.absmax
    spread = 0.175 * (1 + math.sqrt(math.pi * math.log(4))) / math.sqrt(2 * math.log(activation.volume))
    return min(3.92403714 * 2 * spread * activation.absmax, activation.absmax)


def by_percentile(activation: ActivationStats, percent: float = 99.99) -> float:
    """The magnitude that `percent` of the nonzero elements do not exceed. Raises ValueError unless in (0, 100]."""
    if not 0 < percent <= 100:
        raise ValueError(f"percent is {percent}; it must be above 0 and at most 100")
    if percent == 100:
        return activation.absmax
    cumulative = np.cumsum(activation.histogram)
    last_bin = int(np.searchsorted(cumulative, cumulative[-1] * percent / 100))
    return (last_bin + 1) * activation.bin_width


def by_mse(activation: ActivationStats) -> float:
    """The least mean squared error of rounding and clipping together, over the thresholds at bin edges."""
    errors = _squared_errors(np.asarray(activation.histogram, np.float64))
    return (MIN_BINS + int(np.argmin(errors))) * activation.bin_width


METHODS: dict[str, Callable[[ActivationStats], float]] = {
    "kl": by_kl,
    "aciq": by_aciq,
    "max": by_max,
    "percentile": by_percentile,
    "mse": by_mse,
    "reference": by_reference,
}


def quantization_noise(activation: ActivationStats, threshold: float) -> tuple[float, float, float]:
    """The effect of int8 with this threshold: (mean square of the activation, mean square of the error, share clipped).

    Means over the elements in the histogram, each taken as the centre of its bin.
    """
    x = (np.arange(len(activation.histogram)) + 0.5) * activation.bin_width
    counts = np.asarray(activation.histogram, np.float64)
    total = counts.sum()
    step = threshold / LEVELS
    error = x - np.minimum(np.floor(x / step + 0.5), LEVELS) * step
    clipped = counts[x > threshold].sum()
    return float(counts @ x**2 / total), float(counts @ error**2 / total), float(clipped / total)


def _squared_errors(counts: np.ndarray) -> np.ndarray:
    """The summed squared error for each threshold of MIN_BINS.. bins, in bin widths squared.

    The bins that round to level v, from prefix sums of n, n x and n x^2: sum n x^2 - 2 v sum n x + v^2 sum n.
    """
    x = np.arange(len(counts)) + 0.5
    count, weighted = (np.concatenate([[0.0], np.cumsum(counts * x**power)]) for power in (0, 1))
    total = float(counts @ x**2)
    errors = []
    for edges, levels in _level_edges(len(counts)):
        n, nx = np.diff(count.take(edges), axis=1), np.diff(weighted.take(edges), axis=1)
        errors.append(total + np.einsum("tj,tj->t", levels, levels * n - 2 * nx))
    return np.concatenate(errors)


@lru_cache(maxsize=1)
def _level_edges(bins: int, rows: int = 192) -> list[tuple[np.ndarray, np.ndarray]]:
    """For thresholds of MIN_BINS..bins bins: the first bin of each level [rows, 129], and the levels [rows, 128]."""
    chunks = []
    for start in range(MIN_BINS, bins + 1, rows):
        step = np.arange(start, min(start + rows, bins + 1))[:, None] / LEVELS
        levels = np.arange(LEVELS + 1) * step
        edges = np.ceil(levels - 0.5 * step - 0.5).clip(0, bins).astype(np.int64)
        chunks.append((np.concatenate([edges, np.full((len(edges), 1), bins)], axis=1), levels))
    return chunks
