import pytest
import torch
import torch.nn.functional as F
from torch import nn

SIZES = {
    "1x1": 1,
    "dividing": (4, 3),
    "dividing, square": 2,
    "not dividing": (5, 7),
    "one axis divides": (4, 5),
    "rectangular": (1, 3),
    "None keeps the height": (None, 3),
    "None keeps the width": (5, None),
    "the size it has": (8, 12),
    "one row": (1, None),
}
CASES = {f"average {name}": nn.AdaptiveAvgPool2d(size) for name, size in SIZES.items()}
CASES |= {
    "without a batch": lambda x: F.adaptive_avg_pool2d(x[0], 3),
    "without a batch, the size it has": lambda x: F.adaptive_avg_pool2d(x[0], (8, 12)) * 2,
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 8, 12))
