import pytest
import torch
import torch.nn.functional as F
from torch import nn

CASES = {
    "elu": nn.ELU(),
    "with alpha": nn.ELU(0.3),
    "functional": lambda x: F.elu(x, 1.7),
    "in place": lambda x: F.elu_(x * 2),
    "large numbers": lambda x: F.elu(x * 100),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
