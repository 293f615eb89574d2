"""One pass over data of unknown range, against two."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pytorch2caffe.quantize.histogram import FINE_BINS, ExactHistogram, HistogramObserver
from pytorch2caffe.quantize.thresholds import BINS


def observed(batches, positive=False):
    observer = HistogramObserver(positive)
    for batch in batches:
        observer.update(batch)
    return observer


def activations(seed, batches=4):
    generator = torch.Generator().manual_seed(seed)
    return [torch.relu(torch.randn(2, 8, 30, 30, generator=generator) * (1 + i)) for i in range(batches)]


@pytest.mark.parametrize("positive", [False, True])
def test_counts_are_those_of_two_passes_but_for_a_32nd_of_a_bin_at_each_edge(positive):
    batches = [x - 0.5 * (i % 2) for i, x in enumerate(activations(0))]
    one = observed(batches, positive)
    two = ExactHistogram(one.absmax, one.zeros if positive else None)
    for batch in batches:
        two.update(batch)
    low, high = (np.cumsum(one.histogram(share)) for share in (0.0, 1.0))
    exact = np.cumsum(two.counts)
    assert np.all(low[:-1] <= exact[:-1] + 1) and np.all(exact[:-1] <= high[:-1] + 1)  # 1: absmax / 2048 in float32
    assert one.histogram().sum() == two.counts.sum() == exact[-1]
    assert FINE_BINS // 2 // BINS == 32


@pytest.mark.parametrize("absmax", [1e-36, 3e-31, 0.0123, 1.0, 2048.0, 1777.7, 3e38])
def test_the_second_pass_of_the_reference_is_numpy_s_histogram_to_every_edge(absmax):
    edges = np.histogram_bin_edges(np.float32([0]), BINS, range=(0, absmax))
    below, above = np.nextafter(edges, np.float32(-np.inf)), np.nextafter(edges, np.float32(np.inf))
    inside = np.random.default_rng(0).uniform(-absmax, absmax, 20_000).astype(np.float32)
    x = np.concatenate([edges, below, above, inside, np.zeros(7, np.float32)])
    x = x[np.abs(x) <= np.float32(absmax)]
    exact = ExactHistogram(absmax, int((x == 0).sum()))
    exact.update(torch.from_numpy(x[: len(x) // 2]))
    exact.update(torch.from_numpy(x[len(x) // 2 :]))
    np.testing.assert_array_equal(exact.counts, np.histogram(x, BINS, range=(0, absmax))[0])


@pytest.mark.parametrize("positive", [False, True])
def test_without_counting_everything_but_the_histogram_is_found(positive):
    batches = [x - 0.5 * (i % 2) for i, x in enumerate(activations(0))]
    batches.append(torch.tensor([0.0, -0.0, float("nan"), 3.0]))
    whole, quick = observed(batches, positive), HistogramObserver(positive, count_bins=False)
    for batch in batches:
        quick.update(batch)
    for name in ("absmax", "low", "high", "count", "zeros", "non_finite"):
        assert getattr(quick, name) == getattr(whole, name), name


@given(st.permutations(range(4)), st.integers(1, 3))
@settings(max_examples=10, deadline=None)
def test_order_and_batches_do_not_matter(order, size):
    batches = activations(1)
    whole = torch.cat(batches)
    one, other = observed([batches[i] for i in order]), observed(whole.split(size))
    np.testing.assert_array_equal(one.histogram(), other.histogram())
    assert (one.absmax, one.zeros, one.count) == (other.absmax, other.zeros, other.count)


def test_memory_layout_does_not_matter():
    batches = activations(2)
    other = observed([batch.to(memory_format=torch.channels_last) for batch in batches])
    np.testing.assert_array_equal(observed(batches).histogram(), other.histogram())


def test_zeros_are_left_out_and_counted():
    x = torch.tensor([0.0, -0.0, 1.0, -4.0, 2.0, 0.0])
    observer = observed([x])
    assert (observer.zeros, observer.count, observer.absmax, observer.low, observer.high) == (3, 6, 4.0, -4.0, 2.0)
    assert observer.histogram().sum() == 3
    assert observed([x], positive=True).histogram().sum() == 5  # 1, 2 and the zeros, in the first bin
    assert observed([x], positive=True).histogram()[0] == 3


@pytest.mark.parametrize("scale", [1e-28, 1e-20, 1.0, 1e20, 3e38])
def test_any_magnitude(scale):
    x = torch.rand(5000).clamp_min(0.01) * scale
    histogram = observed([x]).histogram()
    expected = np.histogram(x.double().numpy(), BINS, range=(0, float(x.max())))[0]
    assert histogram.sum() == 5000
    assert np.abs(np.cumsum(histogram) - np.cumsum(expected)).max() <= 3


def test_what_is_not_finite_is_counted_and_left_out():
    observer = observed([torch.tensor([1.0, float("nan"), float("inf"), -3.0]), torch.full((4,), float("nan"))])
    assert (observer.non_finite, observer.count, observer.absmax) == (6, 2, 3.0)


def test_nothing_but_zeros_has_no_histogram():
    observer = observed([torch.zeros(10)])
    assert observer.absmax == 0
    with pytest.raises(ValueError, match="every activation is 0"):
        observer.histogram()


def test_a_range_that_grows_keeps_every_count():
    observer = observed([torch.rand(1000) * 10.0**power for power in range(-6, 7)])
    assert observer.histogram().sum() == observer.count - observer.zeros == 13_000
