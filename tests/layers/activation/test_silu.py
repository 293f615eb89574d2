import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.layers.conftest import types_of

CASES = {
    "silu": nn.SiLU(),
    "silu in place": lambda x: F.silu(x * 2, inplace=True),
    "silu of large numbers": lambda x: F.silu(x * 50),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 4, 3, 6), (2, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_silu_is_two_layers_and_one_where_there_is_swish():
    assert types_of(nn.SiLU(), torch.zeros(1, 3)) == ["Sigmoid", "Eltwise"]
    assert types_of(nn.SiLU(), torch.zeros(1, 3), dialect="caffe-master") == ["Swish"]
