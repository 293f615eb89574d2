import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, trace
from tests.layers.pooling.test_adaptive_avg_pool import LARGER, SIZES

CASES = {f"maximum {name}": nn.AdaptiveMaxPool2d(size) for name, size in SIZES.items()}
CASES |= {
    "maximum without a batch": lambda x: F.adaptive_max_pool2d(x[0], (4, 5)),
    "values of adaptive_max_pool2d_with_indices": lambda x: F.adaptive_max_pool2d(x, 3, return_indices=True)[0],
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
