import pytest
import torch
import torch.nn.functional as F
from torch import nn

SHAPES = [(6,), (2, 6), (1, 6), (2, 3, 6), (2, 3, 4, 6)]
CASES = {
    "linear": nn.Linear(6, 4),
    "no bias": nn.Linear(6, 4, bias=False),
    "to one": nn.Linear(6, 1),
    "functional": lambda x: F.linear(x, torch.arange(18.0).reshape(3, 6)),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


COMPUTED = {
    "a weight that is computed": lambda x: F.linear(x, x.flatten(0, -2)[:2] * 2),
    "a weight and a bias that are computed": lambda x: F.linear(x, x.flatten(0, -2)[:2], x.flatten()[:2]),
    "a bias that is computed": lambda x: F.linear(x, torch.arange(18.0).reshape(3, 6), x.flatten()[:3]),
    "a constant by a weight that is computed": lambda x: F.linear(torch.arange(12.0).reshape(2, 6), x.flatten(0, -2)),
    "a row of weights": lambda x: F.linear(x, torch.arange(6.0)),
}


@pytest.mark.parametrize("model", COMPUTED.values(), ids=COMPUTED)
def test_weights_that_are_computed(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 6))
