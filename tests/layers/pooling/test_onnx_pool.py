"""ONNX's poolings: where the padding counts, where the two sides differ, and over one to three axes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pytorch2caffe import UnsupportedError, load_onnx, save_caffe
from tests.frontends.onnx.nets import array, computed, node, outputs, write

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


@pytest.mark.parametrize("size", [(4, 6), (5, 7)])
def test_unpooling_needs_no_positions_in_caffe(tmp_path, real_caffe, size):
    """SegNet's pooling and unpooling; the positions are those in the whole tensor, in torch those in a map."""
    x = array(2, 3, *size)
    nodes = [
        node("MaxPool", "x", "p at", kernel_shape=[2, 2], strides=[2, 2]),
        node("Neg", "p", "q"),
        node("MaxUnpool", "q at whole", "y", kernel_shape=[2, 2], strides=[2, 2]),
    ]
    path = write(tmp_path / "net.onnx", nodes, x.shape, ["y", "at"], {"whole": np.array(x.shape)})
    pooled, positions = F.max_pool2d(torch.from_numpy(x), 2, return_indices=True)
    expected = F.max_unpool2d(-pooled, positions, 2, output_size=size)
    y, at = outputs(load_onnx(path), x)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(at.reshape(6, -1) % (size[0] * size[1]), positions.reshape(6, -1))
    assert np.array_equal(x.reshape(-1)[at.astype(int)], pooled)
    with pytest.raises(UnsupportedError, match="positions of the maxima"):
        save_caffe(load_onnx(path), tmp_path / "net.prototxt", tmp_path / "net.caffemodel")
    graph = load_onnx(path, outputs="y")
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    save_caffe(graph, *files)
    found = real_caffe.run(*files, {"x": x})
    np.testing.assert_array_equal(list(found.values())[-1], expected)


def test_unpooling_by_constant_positions_is_refused(tmp_path):
    nodes = [node("MaxUnpool", "x at", "y", kernel_shape=[2, 2], strides=[2, 2])]
    path = write(tmp_path / "net.onnx", nodes, (1, 1, 1, 1), constants={"at": np.zeros((1, 1, 1, 1), np.int64)})
    with pytest.raises(UnsupportedError, match="constant positions"):
        load_onnx(path)


def test_norms_of_windows(tmp_path):
    expected = F.lp_pool2d(torch.from_numpy(X), 2, 2)
    actual = computed(tmp_path, "LpPool", X, kernel_shape=[2, 2], strides=[2, 2], p=2)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        computed(tmp_path, "GlobalLpPool", X), np.sqrt((X**2).sum((2, 3), keepdims=True)), rtol=1e-5
    )
