import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.layers.conftest import types_of

CASES = {
    "softsign": nn.Softsign(),
    "softsign of large numbers": lambda x: F.softsign(x * 1e6),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_softsign_is_three_layers():
    assert types_of(nn.Softsign(), torch.zeros(1, 3)) == ["AbsVal", "Power", "Eltwise"]
