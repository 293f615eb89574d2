import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.layers.conftest import types_of

CASES = {
    "fold of patches": (nn.Fold((6, 8), 2, stride=2), (2, 12, 12)),
    "fold, overlapping": (nn.Fold((5, 6), 3, padding=1), (2, 18, 30)),
    "fold, rows left over": (nn.Fold((6, 7), 2, stride=2), (1, 8, 9)),
    "fold, dilated, rows left over": (nn.Fold((8, 9), 2, 2, 1, 3), (1, 8, 9)),
    "fold without a batch": (lambda x: F.fold(x[0], (4, 4), 2, stride=2), (1, 8, 4)),
    "there and back": (lambda x: F.fold(F.unfold(x, 3), (6, 7), 3), (2, 3, 6, 7)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_each_is_one_convolution():
    assert types_of(nn.Unfold(3), torch.zeros(1, 3, 6, 7)) == ["Convolution", "Reshape"]
    assert types_of(nn.Fold((6, 8), 2, stride=2), torch.zeros(1, 12, 12)) == ["Reshape", "Deconvolution"]
