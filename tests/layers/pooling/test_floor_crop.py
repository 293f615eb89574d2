import pytest
import torch
from torch import nn

from tests.layers.conftest import types_of

CROPPED = ["Convolution", "Pooling", "Crop"]


@pytest.mark.parametrize("layer", [nn.MaxPool2d(3, 2, 1), nn.MaxPool2d(3, 2), nn.AvgPool2d(3, 2, 1)])
@pytest.mark.parametrize("size", [8, 9])
def test_rounding_down_is_a_crop_at_every_size(layer, size):
    assert types_of(layer, torch.randn(1, 3, size, size)) == CROPPED


def test_windows_that_tile_the_input_are_cropped_for_odd_sizes():
    assert types_of(nn.MaxPool2d(2), torch.randn(1, 3, 8, 8)) == CROPPED
    assert types_of(nn.MaxPool2d(2), torch.randn(1, 3, 9, 8)) == CROPPED


def test_a_network_for_one_size_needs_no_crop():
    model = nn.Sequential(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(48, 5))
    assert types_of(model, torch.randn(1, 3, 8, 8)) == ["Reshape", "Pooling", "Flatten", "InnerProduct"]


def test_rounding_up_needs_no_crop():
    assert types_of(nn.MaxPool2d(3, 2, ceil_mode=True), torch.randn(1, 3, 8, 8)) == ["Pooling"]


def test_the_size_of_the_crop_is_that_of_a_convolution_of_one_channel(same_everywhere):
    same_everywhere(nn.MaxPool2d((3, 2), (2, 2), (1, 0)), torch.randn(2, 3, 8, 9))
