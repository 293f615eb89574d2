import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.layers.conftest import types_of

CASES = {
    "mish": nn.Mish(),
    "mish of large numbers": lambda x: F.mish(x * 50),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 4, 3, 6), (2, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_mish_is_three_layers():
    assert types_of(nn.Mish(), torch.zeros(1, 3)) == ["BNLL", "TanH", "Eltwise"]
