"""ONNX's Gather, GatherElements and GatherND, by constant indices and from constant tables."""

from __future__ import annotations

import numpy as np
import pytest

from pytorch2caffe import UnsupportedError
from tests.frontends.onnx.nets import array, computed

X = array(2, 3, 4, 5)


@pytest.mark.parametrize("indices", [np.array(1), np.array([2, 0]), np.array([[0, -1], [1, 1]])])
def test_by_constant_indices(tmp_path, indices):
    np.testing.assert_array_equal(computed(tmp_path, "Gather", X, i=indices, axis=1), np.take(X, indices, 1))


def test_elements_and_points(tmp_path):
    index = np.array([[0, 2, 1], [1, 1, 0]])
    x = X[:, :, 0, 0]
    expected = np.take_along_axis(x, index, 1)
    np.testing.assert_array_equal(computed(tmp_path, "GatherElements", x, i=index, axis=1), expected)
    points = np.array([[0, 1], [1, 2]])
    np.testing.assert_array_equal(computed(tmp_path, "GatherND", x, i=points), x[[0, 1], [1, 2]])


def test_positions_that_are_not_there(tmp_path):
    with pytest.raises(UnsupportedError, match=r"positions \[3\] of 3"):
        computed(tmp_path, "Gather", X, i=np.array([3]), axis=1)
