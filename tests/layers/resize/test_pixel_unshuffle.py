import pytest
import torch
from torch import nn

CASES = {
    "pixel unshuffle by 2": (nn.PixelUnshuffle(2), (1, 3, 4, 6)),
    "pixel unshuffle by 3, batch of two": (nn.PixelUnshuffle(3), (2, 2, 6, 3)),
    "there and back": (nn.Sequential(nn.PixelUnshuffle(2), nn.PixelShuffle(2), nn.ReLU()), (1, 3, 4, 6)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
