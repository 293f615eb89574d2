"""ONNX's Resize as PyTorch's interpolation, and as a matrix per axis where PyTorch has none that is the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pytorch2caffe import load_onnx
from tests.frontends.onnx.nets import OMITTED, array, computed, node, types, write

X = array(1, 2, 5, 4)
SCALES = np.array([1, 1, 2, 2], np.float32)
SIZES = np.array([1, 2, 7, 9])


@pytest.mark.parametrize(
    ("attributes", "mode", "corners"),
    [
        ({"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}, "nearest", None),
        ({"mode": "linear", "coordinate_transformation_mode": "pytorch_half_pixel"}, "bilinear", False),
        ({"mode": "linear", "coordinate_transformation_mode": "align_corners"}, "bilinear", True),
        ({"mode": "cubic"}, "bicubic", False),
    ],
)
def test_one_interpolation(tmp_path, attributes, mode, corners):
    for given, how in (
        ({"roi": OMITTED, "scales": SCALES}, {"scale_factor": 2}),
        ({"roi": OMITTED, "scales": OMITTED, "sizes": SIZES}, {"size": (7, 9)}),
    ):
        actual = computed(tmp_path, "Resize", X, **given, **attributes)
        expected = F.interpolate(torch.from_numpy(X), mode=mode, align_corners=corners, **how)
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)
    each = node("Resize", "x - s", "y", **attributes)
    assert types(load_onnx(write(tmp_path / "one.onnx", [each], X.shape, constants={"s": SCALES}))) == ["Interpolate"]


def test_upsample_and_the_first_resize(tmp_path):
    expected = X.repeat(2, 2).repeat(2, 3)
    np.testing.assert_array_equal(computed(tmp_path, "Upsample", X, 9, scales=SCALES), expected)
    np.testing.assert_array_equal(computed(tmp_path, "Upsample", X, 7, **{"scales": [1.0, 1.0, 2.0, 2.0]}), expected)
    np.testing.assert_array_equal(computed(tmp_path, "Resize", X, 10, scales=SCALES), expected)


def test_positions_that_pytorch_does_not_have(tmp_path):
    how = {"mode": "linear", "coordinate_transformation_mode": "asymmetric"}
    actual = computed(tmp_path, "Resize", X, roi=OMITTED, scales=SCALES, **how)
    rows = np.minimum(np.arange(10) / 2, 4)
    low = np.floor(rows).astype(int)
    share = (rows - low)[:, None]
    expected = X[0, 0][low, 0][:, None] * (1 - share) + X[0, 0][np.minimum(low + 1, 4), 0][:, None] * share
    np.testing.assert_allclose(actual[0, 0][:, :1], expected, rtol=1e-5, atol=1e-6)
