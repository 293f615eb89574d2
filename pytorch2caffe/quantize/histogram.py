"""Histograms of activations, batch by batch, in memory that does not grow with the number of images.

HistogramObserver needs one pass. The range is not known before the last image, so magnitudes are counted in FINE_BINS
fine bins whose width is a power of two. This binning is exact; when a larger magnitude occurs, pairs of fine bins are
merged, which is exact too. The result does not depend on the order of the images or on the batches, and observers of
different images can be added up.
HistogramObserver.histogram computes BINS bins over [0, absmax] from the fine bins; a fine bin that contains an edge is
divided in proportion, an error of at most 1/32 of a bin at each edge. ExactHistogram counts without this error, in a
second pass over a known range.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .thresholds import BINS

FINE_BINS = 1 << 17
CHUNK = 1 << 19  # elements processed at a time: bounds the memory
MIN_NORMAL_ABSMAX = 1e-30  # below it, BINS / absmax is not a float32


class HistogramObserver:
    """Range and histogram of one value of the network, updated batch by batch.

    positive:   count only positive elements and zeros, as the reference tool does; the range is that of all elements.
    count_bins: False if an ExactHistogram counts in a second pass anyway: only the range and the zeros are recorded.
    """

    def __init__(self, positive: bool = False, count_bins: bool = True) -> None:
        self.positive = positive
        self.count_bins = count_bins
        self.absmax = 0.0
        self.low = math.inf
        self.high = -math.inf
        self.count = 0
        self.zeros = 0
        self.non_finite = 0
        self._pending: list[torch.Tensor] = []
        self._exponent = 0  # the fine bins cover [0, 2^exponent)
        self._fine_counts: torch.Tensor | None = None

    def update(self, tensor: torch.Tensor) -> None:
        """Counts a float32 tensor of any shape, on any device."""
        for chunk in _flatten_in_memory_order(tensor).split(CHUNK):
            self._update(chunk)

    def _update(self, x: torch.Tensor) -> None:
        low, high = (float(v) for v in torch.aminmax(x))
        if not math.isfinite(low) or not math.isfinite(high):
            finite = torch.isfinite(x)
            self.non_finite += x.numel() - int(finite.sum())
            x = x[finite]
            if not x.numel():
                return
            low, high = (float(v) for v in torch.aminmax(x))
        self.count += x.numel()
        self.low, self.high = min(self.low, low), max(self.high, high)
        self.absmax = max(self.absmax, -low, high)
        if self.absmax == 0:
            self.zeros += x.numel()
            return
        if not self.count_bins:
            self.zeros += x.numel() - _count_nonzero(x)
            return
        nonzero = _without_zeros(x) if low <= 0 <= high else x
        self.zeros += x.numel() - nonzero.numel()
        if low < 0:
            nonzero = nonzero[nonzero > 0] if self.positive else nonzero.abs()
        self._pending.append(nonzero.clone() if nonzero.data_ptr() == x.data_ptr() else nonzero)
        if sum(map(torch.numel, self._pending)) >= CHUNK:
            self._count_pending()

    def _count_pending(self) -> None:
        """Counts the pending elements, many at once: each bincount costs time in proportion to FINE_BINS."""
        nonzero = torch.cat(self._pending)
        self._pending = []
        fine, exponent = self._fine_bins(nonzero.device)
        fine += torch.bincount((nonzero * 2.0 ** (17 - exponent)).int(), minlength=FINE_BINS)

    def _fine_bins(self, device: torch.device) -> tuple[torch.Tensor, int]:
        """The counts of the fine bins and their exponent, after widening them to absmax."""
        exponent = max(math.frexp(self.absmax)[1], -100)
        if self._fine_counts is None:
            self._fine_counts, self._exponent = torch.zeros(FINE_BINS, dtype=torch.int64, device=device), exponent
        self._fine_counts = _widened(self._fine_counts, exponent - self._exponent)
        self._exponent = max(exponent, self._exponent)
        return self._fine_counts, self._exponent

    def add(self, other: HistogramObserver) -> None:
        """Adds what another observer of the same value has counted."""
        for observer in (self, other):
            if observer._pending:
                observer._count_pending()
        self.count += other.count
        self.zeros += other.zeros
        self.non_finite += other.non_finite
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.absmax = max(self.absmax, other.absmax)
        if other._fine_counts is not None:
            fine, exponent = self._fine_bins(other._fine_counts.device)
            fine += _widened(other._fine_counts, exponent - other._exponent).to(fine.device)
        elif self._fine_counts is not None:
            self._fine_bins(self._fine_counts.device)

    def __getstate__(self) -> dict[str, Any]:
        """For another process: the counts in the smallest type that holds them."""
        if self._pending:
            self._count_pending()
        counts = None if self._fine_counts is None else self._fine_counts.cpu().numpy()
        if counts is not None:
            counts = counts.astype(np.min_scalar_type(int(counts.max())))
        return {**self.__dict__, "_fine_counts": counts}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self._fine_counts is not None:
            self._fine_counts = torch.from_numpy(state["_fine_counts"].astype(np.int64))

    def histogram(self, share: float | None = None) -> np.ndarray:
        """Counts in BINS equal bins over [0, absmax], float64 [BINS]; zeros as `thresholds.Activation` describes.

        share: the share of a fine bin at an edge that goes to the lower bin; by default in proportion.
        Raises ValueError if every element was 0.
        """
        if self._pending:
            self._count_pending()
        if self._fine_counts is None:
            raise ValueError("every activation is 0; a histogram needs a nonzero one")
        counts = self._fine_counts.cpu().numpy().astype(np.float64)
        counts[0] += self.zeros if self.positive else 0
        cumulative = np.concatenate([[0.0], np.cumsum(counts)])
        edges = np.arange(BINS + 1) * (self.absmax / BINS) * 2.0 ** (17 - self._exponent)
        floor = np.minimum(edges.astype(np.int64), FINE_BINS - 1)
        below = cumulative[floor] + counts[floor] * (edges - floor if share is None else share)
        below[0], below[-1] = 0, cumulative[-1]
        return np.diff(below)


def _widened(counts: torch.Tensor, doublings: int) -> torch.Tensor:
    """The counts of fine bins in bins of twice the width, `doublings` times."""
    for _ in range(doublings):
        merged = counts.reshape(-1, 2).sum(1)
        counts = torch.cat([merged, torch.zeros_like(merged)])
    return counts


def _without_zeros(x: torch.Tensor) -> torch.Tensor:
    """The nonzero elements, in order; after a ReLU they are the minority."""
    return _select(x, x != 0)


def _count_nonzero(x: torch.Tensor) -> int:
    return int(np.count_nonzero(x.numpy()) if x.device.type == "cpu" else torch.count_nonzero(x))  # five times as fast


def _select(x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    if x.device.type != "cpu":
        return x[mask]
    return torch.from_numpy(np.compress(mask.numpy(), x.numpy()))  # ten times as fast as x[mask]


def _indices(mask: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.flatnonzero(mask.numpy())) if mask.device.type == "cpu" else mask.nonzero().flatten()


def _flatten_in_memory_order(tensor: torch.Tensor) -> torch.Tensor:
    """The elements in their order in memory, so that nothing is copied, [elements]."""
    if tensor.ndim == 4 and tensor.is_contiguous(memory_format=torch.channels_last):
        tensor = tensor.permute(0, 2, 3, 1)
    return tensor.reshape(-1)


@dataclass
class ExactHistogram:
    """The second pass: counts of finite elements over a known range, in exactly the bins of the original tool.

    zeros: None to count magnitudes without zeros, as ncnn2table does. A number of zeros to count as np.histogram(x,
           BINS, range=(0, absmax)) does, which omits negative elements and counts the zeros in the first bin.
    """

    absmax: float
    zeros: int | None = None

    def __post_init__(self) -> None:
        self.counts = np.zeros(BINS)
        self.counts[0] = self.zeros or 0
        self._edges = torch.from_numpy(np.histogram_bin_edges(np.zeros(1, np.float32), BINS, range=(0, self.absmax)))

    def update(self, tensor: torch.Tensor) -> None:
        """Counts a float32 tensor of any shape, on any device."""
        for chunk in _flatten_in_memory_order(tensor).split(CHUNK):
            counts = (
                self._count_as_ncnn(chunk) if self.zeros is None else self._count_as_numpy(_select(chunk, chunk > 0))
            )
            self.counts += counts.cpu().numpy()

    def add(self, other: ExactHistogram) -> None:
        """Adds what another histogram of the same range has counted; the zeros are those of all images in both."""
        self.counts += other.counts
        self.counts[0] -= other.zeros or 0

    def _count_as_ncnn(self, x: torch.Tensor) -> torch.Tensor:
        x = _without_zeros(x).abs()
        index = (x / self.absmax * BINS).int().clamp_(max=BINS - 1)
        return torch.bincount(index, minlength=BINS)

    def _count_as_numpy(self, x: torch.Tensor) -> torch.Tensor:
        """numpy compares with the edges; a float32 product gives the same bin but within 1e-3 of a bin from an edge."""
        position = x.double() * (BINS / self.absmax) if self.absmax < MIN_NORMAL_ABSMAX else x * (BINS / self.absmax)
        index = position.int()
        near = _indices(position.frac_().sub_(0.5).abs_() > 0.499)
        index[near] = torch.searchsorted(self._edges.to(x.device), x[near], right=True, out_int32=True) - 1
        return torch.bincount(index.clamp_(max=BINS - 1), minlength=BINS)
