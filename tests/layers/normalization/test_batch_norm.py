import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.layers.conftest import types_of

IMAGE = (2, 3, 4, 5)
MEAN, VARIANCE = torch.randn(3), torch.rand(3) + 0.5
CASES = {
    "4-D": (nn.BatchNorm2d(3), IMAGE),
    "4-D, batch of one": (nn.BatchNorm2d(3), (1, 3, 4, 5)),
    "2-D": (nn.BatchNorm1d(6), (2, 6)),
    "3-D": (nn.BatchNorm1d(3), (2, 3, 5)),
    "5-D": (nn.BatchNorm3d(3), (2, 3, 2, 3, 4)),
    "no affine": (nn.BatchNorm2d(3, affine=False), IMAGE),
    "large eps": (nn.BatchNorm2d(3, eps=0.1), IMAGE),
    "small eps": (nn.BatchNorm2d(3, eps=1e-8), IMAGE),
    "weight without bias": (lambda x: F.batch_norm(x, MEAN, VARIANCE, weight=MEAN + 1), IMAGE),
    "bias without weight": (lambda x: F.batch_norm(x, MEAN, VARIANCE, bias=MEAN), IMAGE),
    "torch.batch_norm": (lambda x: torch.batch_norm(x, None, MEAN, MEAN, VARIANCE, False, 0.1, 1e-3, False), IMAGE),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_normalising_and_scaling_are_two_layers():
    assert types_of(nn.BatchNorm2d(3), torch.zeros(IMAGE)) == ["BatchNorm", "Scale"]
    assert types_of(nn.BatchNorm2d(3, affine=False), torch.zeros(IMAGE)) == ["BatchNorm"]
