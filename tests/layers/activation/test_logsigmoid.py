import pytest
import torch
import torch.nn.functional as F
from torch import nn

CASES = {
    "logsigmoid": nn.LogSigmoid(),
    "logsigmoid of large numbers": lambda x: F.logsigmoid(x * 30),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 5)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
