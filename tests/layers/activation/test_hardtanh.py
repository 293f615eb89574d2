import pytest
import torch
import torch.nn.functional as F
from torch import nn

CASES = {
    "hardtanh": nn.Hardtanh(),
    "hardtanh with bounds": nn.Hardtanh(-0.3, 0.7),
    "hardtanh of equal bounds": lambda x: F.hardtanh(x, 0.5, 0.5),
    "hardtanh in place": lambda x: F.hardtanh_(x * 2),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5))
