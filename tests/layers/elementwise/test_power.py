import pytest
import torch

from pytorch2caffe import UnsupportedError, trace
from tests.layers.conftest import types_of

CASES = {
    "square": lambda x: x**2,
    "cube": lambda x: x**3,
    "inverse": lambda x: x**-1,
    "root by power": lambda x: (x.abs() + 0.1) ** 0.5,
    "odd power": lambda x: (x.abs() + 0.1).pow(1.7),
    "to the 0": lambda x: x**0,
    "to the 1": lambda x: x.pow(1) * 2,
    "torch.pow": lambda x: torch.pow(x, 2.0),
    "power as a tensor": lambda x: torch.pow(x, torch.tensor(3.0)),
    "power in place": lambda x: (x * 2).pow_(2),
    "a number to the power of x": lambda x: 2**x + torch.pow(0.3, x),
    "sqrt": lambda x: torch.sqrt(x.abs() + 0.1),
    "rsqrt": lambda x: torch.rsqrt(x.abs() + 0.1),
    "torch.square": torch.square,
    "reciprocal": lambda x: torch.reciprocal(x),
    "neg": lambda x: -x,
    "torch.neg": torch.neg,
    "neg in place": lambda x: (x * 3).neg_(),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_is_one_layer():
    assert types_of(torch.rsqrt, torch.ones(2, 3)) == ["Power"]


def test_a_power_that_is_a_tensor_is_refused():
    with pytest.raises(UnsupportedError, match="exponent is a tensor"):
        trace(lambda x: x ** torch.tensor([1.0, 2.0, 3.0]), torch.ones(2, 3))


def test_a_base_that_is_not_positive_is_refused():
    with pytest.raises(UnsupportedError, match="positive number as the base"):
        trace(lambda x: (-2) ** x, torch.ones(2, 3))
