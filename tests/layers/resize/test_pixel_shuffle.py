import pytest
import torch
import torch.nn.functional as F
from torch import nn

CASES = {
    "pixel shuffle by 2": (nn.PixelShuffle(2), (1, 8, 3, 5)),
    "pixel shuffle by 2, batch of two": (nn.PixelShuffle(2), (2, 8, 3, 5)),
    "pixel shuffle by 3": (nn.PixelShuffle(3), (1, 18, 2, 4)),
    "pixel shuffle to one channel": (nn.PixelShuffle(4), (1, 16, 3, 3)),
    "pixel shuffle without a batch": (lambda x: F.pixel_shuffle(x[0], 2), (1, 8, 3, 5)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
