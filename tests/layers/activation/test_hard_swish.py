import pytest
import torch
import torch.nn.functional as F
from torch import nn

CASES = {
    "hardswish": nn.Hardswish(),
    "hardswish in place": lambda x: F.hardswish(x * 3, inplace=True),
    "hardswish over its ends": lambda x: F.hardswish(x * 10),
    "by hand": lambda x: x * F.relu6(x + 3) / 6,
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape) * 2)
