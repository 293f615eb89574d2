import pytest
import torch
import torch.nn.functional as F
from torch import nn

CASES = {
    "module": nn.Sigmoid(),
    "functional": F.sigmoid,
    "method": lambda x: x.sigmoid(),
    "in place": lambda x: (x * 2).sigmoid_(),
    "large numbers": lambda x: torch.sigmoid(x * 100),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
