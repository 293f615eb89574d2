import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, trace


class Pair(nn.Module):
    def __init__(self, bias=True):
        super().__init__()
        self.pair = nn.Bilinear(4, 3, 5, bias)

    def forward(self, x):
        return self.pair(x, x[..., 1:] * 2)


CASES = {
    "bilinear": (Pair(), (2, 4)),
    "bilinear of more axes, without a bias": (Pair(False), (2, 3, 4)),
    "bilinear of a constant": (lambda x: F.bilinear(x, torch.ones(2, 4), torch.arange(32.0).view(2, 4, 4)), (2, 4)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


REFUSED = {
    "a weight that is computed": (lambda x: F.bilinear(x, x, x[None].expand(2, 4, 4)), "bilinear with weights"),
}


@pytest.mark.parametrize(("model", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses(model, message):
    with pytest.raises(UnsupportedError, match=message):
        trace(model, torch.randn(4, 4))
