"""Whether a difference is rounding, decided on numbers alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pytorch2caffe.verify.judge import FACTOR, Distance, distance, judge, locally_equal, magnitude

NUMBERS = st.floats(-1e6, 1e6, width=32)
BLOBS = arrays(np.float64, st.integers(1, 12), elements=NUMBERS)
NOISE = arrays(np.float64, 12, elements=st.floats(-1, 1))
INF, NAN = math.inf, math.nan


@given(BLOBS, NOISE)
def test_the_float32_model_itself_and_the_exact_numbers_are_equal(exact, noise):
    model = exact + noise[: exact.size]
    assert judge(model, exact, model).equal
    assert judge(model, exact, exact).equal


@given(BLOBS, NOISE)
def test_a_file_far_beyond_the_rounding_of_the_model_is_different(exact, noise):
    model = exact + noise[: exact.size]
    noise_size = distance(model, exact)
    actual = exact.copy()
    actual[0] += 2 * FACTOR * (noise_size.l2 + 1)
    assert not judge(model, exact, actual).equal


@given(BLOBS, NOISE, NOISE, st.sampled_from([2.0**-20, 2.0**20]))
def test_the_unit_of_a_blob_does_not_matter(exact, noise, other, scale):
    model, actual = exact + noise[: exact.size], exact + 5 * other[: exact.size]
    assert judge(model, exact, actual).equal == judge(model * scale, exact * scale, actual * scale).equal


@given(BLOBS, NOISE, NOISE)
def test_a_nearer_file_is_not_judged_worse(exact, noise, other):
    model, far, near = (exact + k * part[: exact.size] for k, part in ((1, noise), (20, other), (10, other)))
    assert judge(model, exact, near).equal >= judge(model, exact, far).equal


def test_a_blob_that_is_zero_but_for_rounding():
    exact, model, actual = np.full(8, 1e-17), np.full(8, 3e-8), np.full(8, -4e-7)
    assert not judge(model, exact, actual).equal
    assert judge(model, exact, actual, floor=Distance(6e-8, 6e-8 * math.sqrt(8))).equal


def test_a_file_nearer_to_float64_than_the_tolerance_is_equal_whatever_the_model_is():
    exact = np.ones(4)
    assert not judge(exact, exact, exact + 5e-5).equal
    assert judge(exact, exact, exact + 5e-5, tolerance=1e-4).equal


@pytest.mark.parametrize(
    ("model", "exact", "actual", "equal"),
    [
        ([INF, 1.0], [1e39, 1.0], [INF, 1.0], True),  # float32 overflows in both
        ([INF, 1.0], [1e39, 1.0], [5.0, 1.0], False),
        ([NAN, 1.0], [2.0, 1.0], [NAN, 1.0], True),
        ([NAN, 1.0], [NAN, 1.0], [NAN, 1.0], True),
        ([1.0, 1.0], [1.0, 1.0], [NAN, 1.0], False),
        ([-INF, 1.0], [-INF, 1.0], [-INF, 1.0], True),
        ([-INF, 1.0], [-INF, 1.0], [INF, 1.0], False),
        ([2.0, 1.0], [INF, 1.0], [INF, 1.0], False),
        ([2.0, 1.0], [INF, 1.0], [2.0, 1.0], True),
        ([INF, 1.0], [NAN, 1.0], [INF, 1.0], True),
    ],
)
def test_nan_and_inf(model, exact, actual, equal):
    assert judge(*map(np.array, (model, exact, actual))).equal == equal


@given(BLOBS)
def test_a_part_that_computes_the_same_is_equal_and_one_that_is_off_by_a_thousandth_is_not(blob):
    blob = blob + 2e6  # nothing cancels
    none = Distance()
    assert locally_equal(blob, blob, none, 1e-4)
    assert locally_equal(blob, blob * (1 + 5e-7), none, 1e-4)
    assert not locally_equal(blob, blob * 1.001, none, 1e-4)


@given(BLOBS)
def test_distances(blob):
    assert distance(blob, blob) == Distance(0, 0)
    found = magnitude(blob)
    assert found.max_abs == np.abs(blob).max()
    assert found.l2 == pytest.approx(np.linalg.norm(blob), rel=1e-12)
