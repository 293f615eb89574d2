import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.layers.conftest import types_of

CASES = {
    "relu": nn.ReLU(),
    "relu in place": nn.Sequential(nn.Identity(), nn.ReLU(inplace=True)),
    "functional": F.relu,
    "method": lambda x: x.relu(),
    "in place": lambda x: torch.relu_(x * 2),
    "leaky": nn.LeakyReLU(),
    "leaky with a slope": nn.LeakyReLU(0.3),
    "leaky without a slope": nn.LeakyReLU(0.0),
    "leaky, functional": lambda x: F.leaky_relu(x, -0.5),
    "leaky in place": lambda x: F.leaky_relu_(x * 2, 0.2),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 6), (2, 3, 4), (5,)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_a_value_read_before_it_is_overwritten_keeps_its_numbers(same_everywhere):
    def model(x):
        y = x * 2
        z = y + 1
        return z + F.relu_(y)

    same_everywhere(model, torch.randn(2, 3, 4, 5))


def test_is_one_layer():
    assert types_of(nn.LeakyReLU(), torch.zeros(2, 3)) == ["ReLU"]
