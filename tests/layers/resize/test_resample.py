"""The matrices against F.interpolate itself, row by row."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from pytorch2caffe.layers.resize.resample import antialiased_matrix, resampling_matrix

MODES = {"nearest": "nearest", "nearest-exact": "nearest-exact", "linear": "linear", "cubic": "bicubic", "area": "area"}
SIZES = [1, 2, 3, 4, 5, 7, 8, 13, 16, 31, 32, 64]
SCALES = [0.3, 0.5, 0.75, 1.0, 1.001, 1.3, 1.5, 1.7, 1.999, 2.0, 2.0000001, 2.001, 2.5, 3.0, 3.7]


def torchs(mode, rows, align_corners, **arguments):
    """The matrix of F.interpolate, from its results for unit vectors. Bicubic needs two axes: the other has size 1."""
    eye = torch.eye(rows)[None]
    corners = {"align_corners": align_corners} if mode in ("linear", "cubic") else {}
    if mode != "cubic":
        return F.interpolate(eye, mode=MODES[mode], **arguments, **corners)[0].T.numpy()
    both = {name: (1 if name == "size" else 1.0, value) for name, value in arguments.items()}
    return F.interpolate(eye[:, :, None], mode="bicubic", **both, **corners)[0, :, 0].T.numpy()


def check(mode, rows, align_corners, **arguments):
    expected = torchs(mode, rows, align_corners, **arguments)
    corners = align_corners and mode in ("linear", "cubic")
    scale = 0.0 if corners else arguments.get("scale_factor", 0.0)
    matrix = resampling_matrix(mode, rows, len(expected), scale, corners)
    float32_error = 4 * np.spacing(np.float32(rows)) if mode in ("linear", "cubic") else 0  # of positions
    np.testing.assert_allclose(matrix, expected, rtol=0, atol=1e-6 + float32_error)
    np.testing.assert_allclose(matrix.sum(1), 1, rtol=0, atol=1e-12)


@pytest.mark.parametrize("align_corners", [False, True], ids=["edges", "corners"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", SIZES)
def test_sizes(mode, size, align_corners):
    for out in SIZES:
        check(mode, size, align_corners, size=out)


@pytest.mark.parametrize("align_corners", [False, True], ids=["edges", "corners"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scale", SCALES)
def test_scales(mode, scale, align_corners):
    for size in SIZES:
        if int(size * scale):
            check(mode, size, align_corners, scale_factor=scale)


@pytest.mark.slow
@settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(MODES)), st.integers(1, 200), st.integers(1, 200), st.booleans())
def test_any_size(mode, size, out, align_corners):
    check(mode, size, align_corners, size=out)


@pytest.mark.slow
@settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(MODES)), st.integers(2, 150), st.floats(0.5, 8, width=32), st.booleans())
def test_any_scale(mode, size, scale, align_corners):
    check(mode, size, align_corners, scale_factor=scale)


@pytest.mark.parametrize("align_corners", [False, True], ids=["edges", "corners"])
@pytest.mark.parametrize("mode", ["linear", "cubic"])
@pytest.mark.parametrize("rows", SIZES)
def test_antialiased(mode, rows, align_corners):
    eye = torch.eye(rows)[None, :, None]
    how = {"mode": f"bi{mode}", "align_corners": align_corners, "antialias": True}
    factors = [{"scale_factor": (1.0, scale)} for scale in SCALES if scale * rows >= 1]
    for wanted in [{"size": (1, size)} for size in SIZES] + factors:
        expected = F.interpolate(eye, **wanted, **how)[0, :, 0].T.numpy()
        scale = 0.0 if align_corners else wanted.get("scale_factor", (0, 0.0))[1]
        matrix = antialiased_matrix(mode, rows, len(expected), scale, align_corners)
        np.testing.assert_allclose(matrix, expected, rtol=0, atol=1e-5)
