import pytest
import torch
import torch.nn.functional as F
from torch import nn

CASES = {
    "softmin": nn.Softmin(1),
    "softmin, functional": lambda x: F.softmin(x, -1),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_every_spelling_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(1, 3, 4, 5))
