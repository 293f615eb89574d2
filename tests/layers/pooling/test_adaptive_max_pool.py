import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, trace

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
CASES = {f"maximum {name}": nn.AdaptiveMaxPool2d(size) for name, size in SIZES.items()}
CASES |= {
    "maximum without a batch": lambda x: F.adaptive_max_pool2d(x[0], (4, 5)),
    "values of adaptive_max_pool2d_with_indices": lambda x: F.adaptive_max_pool2d(x, 3, return_indices=True)[0],
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
    same_everywhere(nn.AdaptiveMaxPool2d(output_size), torch.randn(2, 3, *size))


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 8, 12))


def test_indices_are_refused_where_they_are_used():
    def model(x):
        values, indices = F.adaptive_max_pool2d(x, 2, return_indices=True)
        return values + indices

    with pytest.raises(UnsupportedError, match="no Caffe layer computes"):
        trace(model, torch.zeros(1, 3, 8, 8))
