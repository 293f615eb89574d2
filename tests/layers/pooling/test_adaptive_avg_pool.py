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


LARGER = {
    "1x1 to 7x7": ((1, 1), (7, 7)),
    "each element twice": ((2, 3), (4, 6)),
    "each element twice along one axis": ((5, 3), (3, 6)),
    "one row to several": ((1, 12), (3, 5)),
    "windows of one and of two": ((3, 5), (7, 8)),
    "a larger height, a smaller width": ((3, 12), (4, 5)),
}


@pytest.mark.parametrize(("size", "output_size"), LARGER.values(), ids=LARGER)
def test_an_output_larger_than_the_input(size, output_size, same_everywhere):
    same_everywhere(nn.AdaptiveAvgPool2d(output_size), torch.randn(2, 3, *size))


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 8, 12))
