import pytest
import torch
import torch.nn.functional as F
from torch import nn

CASES = {
    "hardshrink": nn.Hardshrink(),
    "hardshrink, lambda": nn.Hardshrink(0.2),
    "hardshrink, method": lambda x: x.hardshrink(1),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


@pytest.mark.parametrize("function", [F.hardshrink], ids=lambda f: f.__name__)
def test_the_ends_are_zero(function, same_everywhere):
    same_everywhere(lambda x: function(x, 0.5), torch.tensor([[-0.75, -0.5, 0.0, 0.5, 0.75]]))
