import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.layers.conftest import types_of

CASES = {
    "softplus": nn.Softplus(),
    "of large numbers": lambda x: F.softplus(x * 30),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 5)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_softplus_is_one_layer():
    assert types_of(nn.Softplus(), torch.zeros(1, 3)) == ["BNLL"]
