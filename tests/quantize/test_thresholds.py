"""The closed forms against the searches as the tools run them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytorch2caffe.quantize import kl, reference_kl
from pytorch2caffe.quantize.thresholds import (
    ActivationStats,
    _squared_errors,
    by_aciq,
    by_mse,
    by_percentile,
    quantization_noise,
)
from tests.quantize import oracles

COUNTS = st.one_of(
    st.lists(st.integers(0, 3), min_size=24, max_size=120),
    st.lists(st.sampled_from([0, 0, 0, 1, 7, 10**6]), min_size=24, max_size=120),
    st.lists(st.integers(0, 10**9), min_size=24, max_size=120),
).filter(lambda counts: sum(counts[1:]) > 0)


def real(seed):
    """A histogram like an activation's, of 2048 bins."""
    rng = np.random.default_rng(seed)
    draw = [rng.laplace, rng.standard_normal, lambda size: rng.standard_t(3, size), rng.exponential][seed % 4]
    x = np.maximum(draw(size=10 ** (3 + seed % 3)) + (seed % 5 - 2) * 0.3, 0)
    return np.histogram(x, 2048, range=(0, x.max()))[0]


@pytest.mark.slow
@given(COUNTS, st.integers(2, 16))
@example([0, *[1] * 60], 8)  # flat: many thresholds are as good
@example([5, 0, 0, 1, *[0] * 60], 8)  # all but two bins empty
@settings(max_examples=300, deadline=None)
def test_reference_takes_the_tools_bin(counts, levels):
    assert reference_kl.keep_bins(np.array(counts), levels) == oracles.reference_bin(counts, levels)


@given(COUNTS, st.integers(2, 16))
@settings(max_examples=100, deadline=None)
def test_reference_has_the_tools_divergences(counts, levels):
    expected = oracles.reference_divergences(counts, levels)
    np.testing.assert_allclose(reference_kl.divergences(np.array(counts), levels), expected, rtol=0, atol=1e-11)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_reference_at_full_size(seed):
    assert reference_kl.keep_bins(real(seed)) == oracles.reference_bin(real(seed))


@pytest.mark.slow
@given(COUNTS, st.sampled_from([2, 4, 8, 16]))
@settings(max_examples=200, deadline=None)
def test_kl_has_the_definitions_divergences(counts, levels):
    expected = oracles.ncnn_divergences(counts, target_bin=levels)
    found = kl.divergences(np.array(counts), levels)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11)
    assert expected[kl.keep_bins(np.array(counts), levels) - levels] <= expected.min() + 1e-11


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_kl_at_full_size_and_in_ncnns_own_float32(seed):
    found = kl.keep_bins(real(seed))
    assert found == 128 + int(np.argmin(oracles.ncnn_divergences(real(seed))))
    assert abs(found - 128 - int(np.argmin(oracles.ncnn_divergences(real(seed), np.float32)))) <= 1


@pytest.mark.parametrize("search", [kl.keep_bins, reference_kl.keep_bins])
@pytest.mark.parametrize(
    "counts",
    [np.zeros(2048), np.ones(100), np.ones((2, 2048)), np.full(2048, np.nan), -np.ones(2048)],
    ids=["no counts", "too few bins", "two axes", "nan", "negative"],
)
def test_nothing_to_search(search, counts):
    with pytest.raises(ValueError, match="the histogram has"):
        search(counts)


def test_mse_against_every_threshold_by_hand():
    counts = real(1).astype(float)
    x = np.arange(2048) + 0.5
    expected = []
    for kept in range(128, 2049):
        step = kept / 127
        expected.append(counts @ (x - np.minimum(np.floor(x / step + 0.5), 127) * step) ** 2)
    np.testing.assert_allclose(_squared_errors(counts), expected, rtol=1e-9)
    assert by_mse(ActivationStats(counts, 2048.0, 9)) == 128 + int(np.argmin(expected))


def test_noise_is_what_rounding_and_clipping_add():
    rng = np.random.default_rng(0)
    x = np.abs(rng.laplace(size=200_000)).astype(np.float32)
    stats = ActivationStats(np.histogram(x, 2048, range=(0, x.max()))[0], x.max(), 1)
    signal, error, clipped = quantization_noise(stats, 6.0)
    step = 6 / 127
    assert signal == pytest.approx(float((x**2).mean()), rel=1e-3)
    assert error == pytest.approx(float(((x - np.minimum(np.round(x / step), 127) * step) ** 2).mean()), rel=1e-2)
    assert clipped == pytest.approx(float((x > 6).mean()), abs=2e-4)


@pytest.mark.parametrize(("volume", "share"), [(27, 1.0), (154_587, 0.867266), (1, 1.0)])
def test_aciq_is_ncnn2tables_but_never_beyond_the_largest(volume, share):
    assert by_aciq(ActivationStats(np.ones(2048), 10.0, volume)) == pytest.approx(10 * share, rel=1e-5)


def test_percentile():
    assert by_percentile(ActivationStats(np.ones(2048), 2048.0, 1), 50) == 1024
    assert by_percentile(ActivationStats(np.ones(2048), 2048.0, 1), 100) == 2048
    with pytest.raises(ValueError, match="percent is 0"):
        by_percentile(ActivationStats(np.ones(2048), 2048.0, 1), 0)
