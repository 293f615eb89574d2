import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.layers.conftest import types_of

CASES = {
    "softsign": nn.Softsign(),
    "softsign of large numbers": lambda x: F.softsign(x * 1e6),
    "tanhshrink": nn.Tanhshrink(),
    "softshrink": nn.Softshrink(),
    "softshrink, lambda": nn.Softshrink(0.2),
    "softshrink, nothing": lambda x: F.softshrink(x, 0),
    "hardshrink": nn.Hardshrink(),
    "hardshrink, lambda": nn.Hardshrink(0.2),
    "hardshrink, method": lambda x: x.hardshrink(1),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


@pytest.mark.parametrize("function", [F.softshrink, F.hardshrink], ids=lambda f: f.__name__)
def test_the_ends_are_zero(function, same_everywhere):
    same_everywhere(lambda x: function(x, 0.5), torch.tensor([[-0.75, -0.5, 0.0, 0.5, 0.75]]))


def test_softsign_is_three_layers():
    assert types_of(nn.Softsign(), torch.zeros(1, 3)) == ["AbsVal", "Power", "Eltwise"]
