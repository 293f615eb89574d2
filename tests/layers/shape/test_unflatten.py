import pytest
import torch
from torch import nn

CASES = {
    "unflatten": (lambda x: x.unflatten(1, (2, 3)), (2, 6, 4)),
    "unflatten with -1": (nn.Unflatten(-1, (2, -1)), (2, 3, 4)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
