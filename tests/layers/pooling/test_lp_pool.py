import pytest
import torch
import torch.nn.functional as F
from torch import nn

ROW, VOLUME = (2, 3, 11), (2, 3, 5, 6, 7)
CASES = {
    "power average of order inf": (nn.LPPool2d(torch.inf, 3, 2, ceil_mode=True), (2, 3, 6, 7)),
    "power average of order -inf": (lambda x: F.lp_pool1d(x, -torch.inf, 2), ROW),
    "power average 1-D": (nn.LPPool1d(2, 3), ROW),
    "power average 2-D": (nn.LPPool2d(2, 2), (2, 3, 6, 8)),
    "power average 2-D, rounding down": (nn.LPPool2d(2, 3, 2), (2, 3, 8, 8)),
    "power average 2-D of unequal sides": (nn.LPPool2d(4, (2, 3), 1), (2, 3, 6, 8)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
