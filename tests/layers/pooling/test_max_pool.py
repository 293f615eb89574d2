import pytest
import torch
import torch.nn.functional as F
from torch import nn

CASES = {
    "max 2x2": nn.MaxPool2d(2),
    "max 3x3 stride 2, rounding up": nn.MaxPool2d(3, 2, ceil_mode=True),
    "max 3x3 stride 2, rounding down": nn.MaxPool2d(3, 2),
    "max 3x3 stride 2 padded, rounding down": nn.MaxPool2d(3, 2, 1),
    "max 3x3 stride 2 padded, rounding up": nn.MaxPool2d(3, 2, 1, ceil_mode=True),
    "max rectangular": nn.MaxPool2d((3, 2), (2, 1), (1, 0)),
    "max dilated": nn.MaxPool2d(3, 2, 1, dilation=2),
    "max dilated, one axis, rounding up": nn.MaxPool2d((3, 1), 2, (1, 0), dilation=(3, 1), ceil_mode=True),
    "max stride beyond the kernel": nn.MaxPool2d(1, 3),
    "max stride beyond the kernel, rounding up": nn.MaxPool2d(2, 4, ceil_mode=True),
    "no stride given": lambda x: F.max_pool2d(x, 3, stride=None),
    "values of max_pool2d_with_indices": lambda x: F.max_pool2d(x, 2, return_indices=True)[0],
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 10, 13), (1, 4, 11, 8)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
