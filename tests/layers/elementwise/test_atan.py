import pytest
import torch

from tests.layers.elementwise.test_atan2 import ERROR

CASES = {
    "a function": torch.atan,
    "a method": lambda x: x.arctan(),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4) * 3)


@pytest.mark.parametrize("runtime", ["builtin", "caffe"])
def test_the_largest_error_is_the_one_stated(runtime, run_in):
    x = torch.cat([torch.linspace(-5, 5, 10_001), torch.logspace(-29, 29, 1001), -torch.logspace(-29, 29, 1001)])[None]
    assert (run_in(runtime, torch.atan, x) - torch.atan(x.double())).abs().max() < ERROR
