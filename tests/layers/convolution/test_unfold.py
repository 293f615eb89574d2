import pytest
import torch
import torch.nn.functional as F
from torch import nn

CASES = {
    "unfold 3x3": (nn.Unfold(3), (2, 3, 6, 7)),
    "unfold padded, stride": (nn.Unfold(3, padding=1, stride=2), (2, 3, 6, 7)),
    "unfold of unequal sides": (nn.Unfold((2, 3), (1, 2), (0, 1), (2, 1)), (2, 3, 6, 7)),
    "unfold without a batch": (lambda x: F.unfold(x[0], 2), (2, 3, 6, 7)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
