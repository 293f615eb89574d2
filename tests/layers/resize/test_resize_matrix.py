"""The matrices of ONNX's Resize, against PyTorch where both define the same positions."""

from __future__ import annotations

import numpy as np
import pytest

from pytorch2caffe.errors import Refused
from pytorch2caffe.layers.resize.resample import resampling_matrix
from pytorch2caffe.layers.resize.resize_matrix import Sampling, resize_matrix


@pytest.mark.parametrize(("size", "out"), [(4, 8), (5, 7), (7, 3)])
def test_as_in_pytorch(size, out):
    for mode, position, rounding, torch_mode, corners in (
        ("linear", "half_pixel", "", "linear", False),
        ("linear", "align_corners", "", "linear", True),
        ("cubic", "half_pixel", "", "cubic", False),
        ("nearest", "asymmetric", "floor", "nearest", False),
        ("nearest", "half_pixel", "round_prefer_ceil", "nearest-exact", False),
    ):
        actual = resize_matrix(Sampling(mode, position, rounding), size, out, out / size)
        np.testing.assert_allclose(actual, resampling_matrix(torch_mode, size, out, 0.0, corners), atol=1e-6)


def test_what_is_refused():
    for sampling in (
        Sampling("area", "half_pixel", ""),
        Sampling("linear", "other", ""),
        Sampling("nearest", "half_pixel", "up"),
    ):
        with pytest.raises(Refused):
            resize_matrix(sampling, 4, 8, 2.0)
    with pytest.raises(Refused, match="gives no integer size"):
        resize_matrix(Sampling("linear", "align_corners", ""), 5, 7, 1.5)
