"""ONNX's poolings: where the padding counts, where the two sides differ, and over one to three axes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tests.frontends.onnx.nets import array, computed

X = array(1, 2, 7, 6)


def averages(x, kernel, stride, dilation, pads, counted):
    """The average of each window, from the sums of the windows and of their elements, by a convolution in PyTorch."""
    channels = x.shape[1]
    sides = [p for axis in reversed(range(2)) for p in (pads[axis], pads[axis + 2])]
    ones = torch.ones(channels, 1, *kernel)
    inside = torch.ones_like(x) if not counted else None
    padded = F.pad(x, sides)
    counts = torch.ones_like(padded) if counted else F.pad(inside, sides)
    how = {"stride": stride, "dilation": dilation, "groups": channels}
    return F.conv2d(padded, ones, **how) / F.conv2d(counts, ones, **how)


@pytest.mark.parametrize("counted", [0, 1])
@pytest.mark.parametrize(
    ("kernel", "stride", "dilation", "pads"),
    [
        ((3, 3), (1, 1), (1, 1), (2, 2, 2, 2)),
        ((3, 2), (2, 2), (1, 1), (0, 0, 1, 1)),
        ((2, 2), (1, 1), (2, 3), (0, 1, 1, 1)),
        ((3, 3), (2, 2), (1, 1), (1, 1, 1, 1)),
    ],
)
def test_averages(tmp_path, kernel, stride, dilation, pads, counted):
    more = {"strides": stride, "pads": pads, "count_include_pad": counted}
    actual = computed(tmp_path, "AveragePool", X, 19, kernel_shape=kernel, dilations=dilation, **more)
    expected = averages(torch.from_numpy(X), kernel, stride, dilation, pads, counted)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


def test_maxima_whose_sides_are_padded_differently(tmp_path):
    actual = computed(tmp_path, "MaxPool", X, kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1])
    expected = F.max_pool2d(F.pad(torch.from_numpy(X), (0, 1, 0, 1), value=-1e9), 3, 2)
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize(("op", "function"), [("GlobalAveragePool", np.mean), ("GlobalMaxPool", np.max)])
@pytest.mark.parametrize("shape", [(2, 3, 5), (2, 3, 5, 4), (1, 2, 3, 4, 5)])
def test_over_all_of_space(tmp_path, op, function, shape):
    x = array(*shape)
    expected = function(x, tuple(range(2, len(shape))), keepdims=True)
    np.testing.assert_allclose(computed(tmp_path, op, x), expected, rtol=1e-5, atol=1e-6)


def test_norms_of_windows(tmp_path):
    expected = F.lp_pool2d(torch.from_numpy(X), 2, 2)
    actual = computed(tmp_path, "LpPool", X, kernel_shape=[2, 2], strides=[2, 2], p=2)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        computed(tmp_path, "GlobalLpPool", X), np.sqrt((X**2).sum((2, 3), keepdims=True)), rtol=1e-5
    )
