"""ONNX's Slice, forwards and backwards."""

from __future__ import annotations

import numpy as np
import pytest

from pytorch2caffe import UnsupportedError
from tests.frontends.onnx.nets import array, computed

X = array(2, 3, 4, 5)


def test_steps_and_negative_bounds(tmp_path):
    how = {"starts": np.array([-3, 0]), "ends": np.array([1 << 40, -1]), "axes": np.array([-2, 3])}
    actual = computed(tmp_path, "Slice", X, **how, steps=np.array([1, 2]))
    np.testing.assert_array_equal(actual, X[:, :, -3:, 0:-1:2])
    np.testing.assert_array_equal(
        computed(tmp_path, "Slice", X, 9, **{"starts": [1], "ends": [9], "axes": [1]}), X[:, 1:]
    )


def test_backwards(tmp_path):
    how = {"starts": np.array([-1]), "ends": np.array([-(1 << 62)]), "axes": np.array([1]), "steps": np.array([-1])}
    np.testing.assert_array_equal(computed(tmp_path, "Slice", X, **how), X[:, ::-1])


def test_nothing_left(tmp_path):
    with pytest.raises(UnsupportedError, match="it has no elements"):
        computed(tmp_path, "Slice", X, starts=np.array([9]), ends=np.array([9]), axes=np.array([0]))
