import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import trace
from pytorch2caffe.layers.pooling.adaptive_pooling import window_ranges
from tests.layers.conftest import types_of


def types_without_sizes(model, x):
    """The layer types, without the Reshapes that fix the size: windows for another one would be others."""
    return [type for type in types_of(model, x) if type != "Reshape"]


def test_to_one_pixel_is_global_pooling():
    (node,) = trace(nn.AdaptiveAvgPool2d(1), torch.zeros(1, 3, 7, 9)).nodes
    assert node.layer.to_caffe() == {"pool": "AVE", "global_pooling": True}


def test_equal_windows_are_one_pooling():
    assert types_without_sizes(nn.AdaptiveMaxPool2d(4), torch.zeros(1, 3, 8, 12)) == ["Pooling"]


def test_a_pixel_for_all_windows_is_upsampling():
    assert types_without_sizes(nn.AdaptiveAvgPool2d(7), torch.zeros(1, 3, 1, 1)) == ["Deconvolution"]


def test_equal_windows_are_pooled_once():
    types = types_of(nn.AdaptiveMaxPool2d((7, 2)), torch.zeros(1, 3, 3, 2))
    assert types.count("Pooling") == 2, "of the 7 windows, 5 hold one element, and 2 two"


@pytest.mark.parametrize(("size", "windows"), [(7, 3), (12, 5), (5, 8)])
def test_windows_are_those_of_pytorch(size, windows):
    x = torch.randn(1, 1, 1, size)
    expected = torch.stack([x[..., begin:end].mean(-1) for begin, end in window_ranges(size, windows)], -1)
    torch.testing.assert_close(F.adaptive_avg_pool2d(x, (1, windows)), expected)
