import pytest
import torch
import torch.nn.functional as F
from torch import nn

CASES = {
    "average 2x2": nn.AvgPool2d(2),
    "average 3x3 stride 2, rounding down": nn.AvgPool2d(3, 2),
    "average 3x3 stride 2, rounding up": nn.AvgPool2d(3, 2, ceil_mode=True),
    "average padded, padding counted": nn.AvgPool2d(3, 2, 1),
    "average padded, padding counted, rounding up": nn.AvgPool2d(3, 2, 1, ceil_mode=True),
    "average padded, padding not counted": nn.AvgPool2d(3, 2, 1, count_include_pad=False),
    "average padded, not counted, rounding up": nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False),
    "average with a divisor of its own": nn.AvgPool2d(3, 2, 1, divisor_override=5),
    "average divisor, rounding up": nn.AvgPool2d(3, 2, ceil_mode=True, divisor_override=4),
    "average stride beyond the kernel, rounding down": nn.AvgPool2d(2, 5),
    "average rectangular": nn.AvgPool2d((1, 7), stride=1, padding=(0, 3)),
    "without a batch": lambda x: F.avg_pool2d(x[0], 2),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 10, 13), (1, 4, 11, 8)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
