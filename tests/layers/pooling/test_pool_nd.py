import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.layers.conftest import types_of

ROW, VOLUME = (2, 3, 11), (2, 3, 5, 6, 7)
CASES = {
    "max 1-D": (nn.MaxPool1d(3), ROW),
    "max 1-D padded, rounding up": (nn.MaxPool1d(3, 2, 1, ceil_mode=True), ROW),
    "max 1-D dilated": (nn.MaxPool1d(3, 2, 1, dilation=2), ROW),
    "max 1-D without a batch": (lambda x: F.max_pool1d(x[0], 2), ROW),
    "max 1-D, values": (lambda x: F.max_pool1d(x, 2, return_indices=True)[0], ROW),
    "average 1-D": (nn.AvgPool1d(3, 2), ROW),
    "average 1-D padded": (nn.AvgPool1d(3, 2, 1), ROW),
    "average 1-D padded, not counted, rounding up": (nn.AvgPool1d(4, 3, 2, True, count_include_pad=False), ROW),
    "max 3-D": (nn.MaxPool3d(2), VOLUME),
    "max 3-D padded, rounding up": (nn.MaxPool3d(3, 2, 1, ceil_mode=True), VOLUME),
    "max 3-D of unequal sides": (nn.MaxPool3d((1, 3, 2), (1, 2, 3), (0, 1, 1)), VOLUME),
    "max 3-D dilated": (nn.MaxPool3d(2, 1, 0, dilation=2), VOLUME),
    "max 3-D without a batch": (lambda x: F.max_pool3d(x[0], 2), VOLUME),
    "average 3-D": (nn.AvgPool3d(2), VOLUME),
    "average 3-D padded": (nn.AvgPool3d(3, 2, 1), VOLUME),
    "average 3-D padded, not counted": (nn.AvgPool3d(3, 2, 1, count_include_pad=False), VOLUME),
    "average 3-D padded, rounding up": (nn.AvgPool3d(3, 2, (1, 0, 1), ceil_mode=True), VOLUME),
    "average 3-D with a divisor": (nn.AvgPool3d(3, 2, 1, divisor_override=5), VOLUME),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_one_axis_is_one_pooling_and_three_are_two():
    assert types_of(nn.MaxPool1d(2), torch.zeros(1, 3, 8)) == ["Reshape", "Pooling", "Reshape"]
    types = types_of(nn.MaxPool3d(2), torch.zeros(1, 3, 4, 6, 8))
    assert types == ["Flatten", "Pooling", "Reshape", "Pooling", "Reshape"]


def test_rounding_down_that_never_makes_a_difference_is_a_plain_pooling():
    assert types_of(nn.MaxPool2d(3, 1), torch.randn(1, 3, 8, 8)) == ["Pooling"]
