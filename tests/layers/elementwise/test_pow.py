import pytest
import torch

from pytorch2caffe import UnsupportedError, trace

CASES = {
    "square": lambda x: x**2,
    "to the 1": lambda x: x.pow(1) * 2,
    "torch.pow": lambda x: torch.pow(x, 2.0),
    "power as a tensor": lambda x: torch.pow(x, torch.tensor(3.0)),
    "power in place": lambda x: (x * 2).pow_(2),
    "a number to the power of x": lambda x: 2**x + torch.pow(0.3, x),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_a_power_that_is_a_tensor_is_refused():
    with pytest.raises(UnsupportedError, match="exponent is a tensor"):
        trace(lambda x: x ** torch.tensor([1.0, 2.0, 3.0]), torch.ones(2, 3))


def test_a_base_that_is_not_positive_is_refused():
    with pytest.raises(UnsupportedError, match="positive number as the base"):
        trace(lambda x: (-2) ** x, torch.ones(2, 3))
