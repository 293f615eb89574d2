import pytest
import torch
from torch import nn

CASES = {
    "relu6": nn.ReLU6(),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5))
