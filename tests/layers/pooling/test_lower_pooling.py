import torch
from torch import nn

from tests.layers.conftest import types_of


def test_a_stride_beyond_the_kernel_picks_windows():
    x = torch.randn(1, 3, 10, 10)
    assert types_of(nn.MaxPool2d(1, 2), x) == ["Convolution"]
    assert types_of(nn.MaxPool2d(2, 3), x) == ["Pooling", "Convolution"]


def test_a_stride_beyond_the_kernel_is_right(same_everywhere):
    same_everywhere(nn.Sequential(nn.MaxPool2d(1, 2), nn.AvgPool2d(2, 3)), torch.randn(2, 3, 23, 20))
