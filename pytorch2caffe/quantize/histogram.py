"""Histograms of activations, batch by batch, in memory that does not grow with the number of images.

One pass. The range is not known before the last image, so magnitudes are counted in FINE bins whose width is a power of
two: binning is exact, and where a larger magnitude comes, pairs of bins are merged, which is exact too. The result does
not depend on the order of the images or on the batches. From them BINS bins over [0, absmax] are cut at the end; a fine
bin that holds an edge is shared in proportion, at most a 1/32 of a bin's width at each edge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from .thresholds import BINS

FINE = 1 << 17
PIECE = 1 << 19  # numbers looked at together: bounds the memory
SMALL = 1e-30  # of an absmax: bins per unit would not be a float32


class Observer:
    """What passed by one place of the network.

    positive: count positive numbers and zeros only, as the reference tool does; the range is of all.
    counting: False where an `Exact` counts in a second pass anyway: then only the range and the zeros are found.
    """

    def __init__(self, positive: bool = False, counting: bool = True) -> None:
        self.positive = positive
        self.counting = counting
        self.absmax = 0.0
        self.low = math.inf
        self.high = -math.inf
        self.count = 0
        self.zeros = 0
        self.not_finite = 0
        self._waiting: list[torch.Tensor] = []
        self._exponent = 0  # the fine bins cover [0, 2^exponent)
        self._fine: torch.Tensor | None = None

    def update(self, tensor: torch.Tensor) -> None:
        """Counts a float32 tensor of any shape, on any device."""
        for piece in _flat(tensor).split(PIECE):
            self._update(piece)

    def _update(self, x: torch.Tensor) -> None:
        low, high = (float(v) for v in torch.aminmax(x))
        if not math.isfinite(low) or not math.isfinite(high):
            finite = torch.isfinite(x)
            self.not_finite += x.numel() - int(finite.sum())
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
        if not self.counting:
            self.zeros += x.numel() - int(torch.count_nonzero(x))
            return
        live = _without_zeros(x) if low <= 0 <= high else x
        self.zeros += x.numel() - live.numel()
        if low < 0:
            live = live[live > 0] if self.positive else live.abs()
        self._waiting.append(live.clone() if live.data_ptr() == x.data_ptr() else live)
        if sum(map(torch.numel, self._waiting)) >= PIECE:
            self._count()

    def _count(self) -> None:
        """Counts the numbers that wait: many at once, for a count costs as much as the fine bins are many."""
        live = torch.cat(self._waiting)
        self._waiting = []
        fine, exponent = self._cover(live.device)
        fine += torch.bincount((live * 2.0 ** (17 - exponent)).int(), minlength=FINE)

    def _cover(self, device: torch.device) -> tuple[torch.Tensor, int]:
        """The fine bins, wide enough for absmax."""
        exponent = max(math.frexp(self.absmax)[1], -100)
        if self._fine is None:
            self._fine, self._exponent = torch.zeros(FINE, dtype=torch.int64, device=device), exponent
        while self._exponent < exponent:
            merged = self._fine.reshape(-1, 2).sum(1)
            self._fine = torch.cat([merged, torch.zeros_like(merged)])
            self._exponent += 1
        return self._fine, self._exponent

    def histogram(self, share: float | None = None) -> np.ndarray:
        """Counts in BINS equal bins over [0, absmax], float64; zeros as `Range` wants them.

        share: how much of a fine bin that holds an edge goes to the bin below: in proportion unless given.
        Raises ValueError if nothing but zeros was seen.
        """
        if self._waiting:
            self._count()
        if self._fine is None:
            raise ValueError("no activation but 0 was seen")
        counts = self._fine.cpu().numpy().astype(np.float64)
        counts[0] += self.zeros if self.positive else 0
        cumulative = np.concatenate([[0.0], np.cumsum(counts)])
        edges = np.arange(BINS + 1) * (self.absmax / BINS) * 2.0 ** (17 - self._exponent)
        floor = np.minimum(edges.astype(np.int64), FINE - 1)
        below = cumulative[floor] + counts[floor] * (edges - floor if share is None else share)
        below[0], below[-1] = 0, cumulative[-1]
        return np.diff(below)


def _without_zeros(x: torch.Tensor) -> torch.Tensor:
    """What is not 0, in order; behind a ReLU that is the smaller part."""
    return _chosen(x, x != 0)


def _chosen(x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    if x.device.type != "cpu":
        return x[mask]
    return torch.from_numpy(np.compress(mask.numpy(), x.numpy()))  # ten times as fast as x[mask]


def _flat(tensor: torch.Tensor) -> torch.Tensor:
    """Its numbers in the order in which they lie in memory, so that nothing is copied."""
    if tensor.ndim == 4 and tensor.is_contiguous(memory_format=torch.channels_last):
        tensor = tensor.permute(0, 2, 3, 1)
    return tensor.reshape(-1)


@dataclass
class Exact:
    """The second pass: counts of finite numbers over a range that is known, each bin exactly as the tool's own.

    zeros: None: magnitudes, as ncnn2table counts them, zeros left out. A number: as np.histogram(x, BINS, range=(0,
           absmax)), which leaves out negative numbers and has the zeros, so many of them, in its first bin.
    """

    absmax: float
    zeros: int | None = None

    def __post_init__(self) -> None:
        self.counts = np.zeros(BINS)
        self.counts[0] = self.zeros or 0
        self._edges = torch.from_numpy(np.histogram_bin_edges(np.zeros(1, np.float32), BINS, range=(0, self.absmax)))

    def update(self, tensor: torch.Tensor) -> None:
        """Counts a float32 tensor of any shape, on any device."""
        for piece in _flat(tensor).split(PIECE):
            counts = self._as_ncnn(piece) if self.zeros is None else self._as_numpy(_chosen(piece, piece > 0))
            self.counts += counts.cpu().numpy()

    def _as_ncnn(self, x: torch.Tensor) -> torch.Tensor:
        x = _without_zeros(x).abs()
        index = (x / self.absmax * BINS).int().clamp_(max=BINS - 1)
        return torch.bincount(index, minlength=BINS)

    def _as_numpy(self, x: torch.Tensor) -> torch.Tensor:
        """numpy compares with the edges; a product in float32 says the same but very near them (1e-3 of a bin)."""
        place = x.double() * (BINS / self.absmax) if self.absmax < SMALL else x * (BINS / self.absmax)
        index = place.int()
        near = (place - index).sub_(0.5).abs_() > 0.499
        index[near] = torch.searchsorted(self._edges.to(x.device), x[near], right=True, out_int32=True) - 1
        return torch.bincount(index.clamp_(max=BINS - 1), minlength=BINS)
