"""The KL search of caffe-int8-convert-tool-dev-weight.py in closed form; it returns the same bin as the tool.

The quirks of the tool are part of the definition: the first bin is dropped; counts are not normalized and 1e-4 replaces
0 in both distributions, so the result depends on the number of images; the groups have T // 128 bins, the last group
also has the remainder, but is not written to the last bin, whose q is always 1e-4.

All thresholds with the same T // 128 have the same groups except the last, so prefix sums of the mass, of the number of
nonempty bins and of p log p give every divergence at once. Where divergences differ by less than rounding, the sum is
computed again in the order of the tool, and that decides.

Source: BUG1989/caffe-int8-convert-tools, reimplemented from its algorithm; tests/quantize/oracles.py has the original.
"""

from __future__ import annotations

import numpy as np

from .kl import LEVELS, check_counts

EPSILON = 1e-4
ROUNDING = 3e-11  # 100 times the difference between the two orders of summation; real histograms have ties of 1e-13


def keep_bins(histogram: np.ndarray, levels: int = LEVELS) -> int:
    """The reference tool's threshold bin: the threshold is (bin + 0.5) bin widths.

    histogram: counts of the activations from 0 to their largest magnitude, np.histogram(x, bins, range=(0, absmax)),
               which omits negative ones and counts zeros in its first bin, [bins].

    Returns the bin, levels <= bin < bins - 1, counted from the second bin of the histogram, as the tool does.
    Raises ValueError for a histogram without a positive count.
    """
    counts = check_counts(histogram, levels)[1:]
    divergence = divergences(histogram, levels)
    near = np.flatnonzero(divergence <= divergence.min() + ROUNDING)
    if len(near) > 1:
        sums = [_divergence_in_tool_order(counts, levels + int(i), levels) for i in near]
        near = near[[int(np.argmin(sums))]]
    return levels + int(near[0])


def divergences(histogram: np.ndarray, levels: int = LEVELS) -> np.ndarray:
    """The divergence for each threshold from `levels` bins up, float64 [bins - 1 - levels]."""
    counts = check_counts(histogram, levels)[1:]
    mass = _prefix(counts)
    filled = _prefix(counts > 0)
    entropy = _prefix(_log_times(counts, counts))
    divergence = np.empty(len(counts) - levels)
    for width in range(1, (len(counts) - 1) // levels + 1):
        thresholds = np.arange(width * levels, min((width + 1) * levels, len(counts)))
        divergence[thresholds - levels] = _of_one_width(
            counts, mass, filled, entropy, thresholds, width * np.arange(levels)
        )
    return divergence


def _of_one_width(
    counts: np.ndarray,
    mass: np.ndarray,
    filled: np.ndarray,
    entropy: np.ndarray,
    thresholds: np.ndarray,
    edges: np.ndarray,
) -> np.ndarray:
    """The divergences of `thresholds`, whose groups except the last are [edges[j], edges[j + 1])."""
    first_groups = _cross_entropy(np.diff(mass[edges]), np.diff(mass[edges]), np.diff(filled[edges]))
    start, last = edges[-1], thresholds - 1
    group, group_filled = mass[thresholds] - mass[start], filled[last] - filled[start]
    before_last = mass[last] - mass[start]
    in_last = counts[last] + mass[-1] - mass[thresholds]  # the last bin of p, with all counts beyond it
    empty = last - filled[last]  # empty bins of p before its last, which are empty in q too
    p_total = mass[-1] + EPSILON * (empty + (in_last == 0))
    q_total = mass[start] + np.where(group_filled > 0, group, 0) + EPSILON * (empty + 1)
    difference = (
        entropy[last]
        - first_groups.sum()
        - _cross_entropy(before_last, group, group_filled)
        + np.where(in_last > 0, _log_times(in_last, in_last / EPSILON), 0)
    )
    return difference / p_total - np.log(p_total) + np.log(q_total)


def _cross_entropy(weight: np.ndarray, group: np.ndarray, filled: np.ndarray) -> np.ndarray:
    """The sum of p log q over bins that share `group` evenly among `filled` of them."""
    return _log_times(weight, group / np.maximum(filled, 1))


def _log_times(weight: np.ndarray, x: np.ndarray) -> np.ndarray:
    return weight * np.log(np.where(weight > 0, x, 1.0))


def _prefix(values: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])


def _divergence_in_tool_order(counts: np.ndarray, threshold: int, levels: int) -> float:
    """One divergence, summed in the order of the tool, so that rounding errors are the same."""
    p = counts[:threshold].copy()
    p[-1] += counts[threshold:].sum()
    filled = p != 0
    width = threshold // levels
    edges = np.arange(levels) * width
    groups = np.add.reduceat(counts[:threshold], edges)
    norms = np.add.reduceat(np.append(filled[:-1], False).astype(np.float64), edges)
    levels_of = np.divide(groups, norms, out=np.zeros(levels), where=norms != 0)
    q = np.repeat(levels_of, np.diff(np.append(edges, threshold)))
    q[-1] = 0
    q[~filled] = 0
    p[p == 0] = EPSILON
    q[q == 0] = EPSILON
    p /= p.sum()
    q /= q.sum()
    return float(np.sum(p * np.log(p / q)))
