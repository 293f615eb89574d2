import pytest
import torch

from tests.layers.elementwise.test_atan2 import ERROR

# Everywhere, and close to both ends, where the derivative is infinite.
NEAR_0 = torch.logspace(-7, 0, 1001)
SINES = torch.cat([torch.linspace(-1, 1, 10_001), 1 - NEAR_0, NEAR_0 - 1])[None]

CASES = {
    "a function": torch.asin,
    "a method": lambda x: x.arcsin(),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.rand(2, 3, 4) * 2 - 1)


@pytest.mark.parametrize("runtime", ["builtin", "caffe"])
def test_the_largest_error_is_the_one_stated(runtime, run_in):
    assert (run_in(runtime, torch.asin, SINES) - torch.asin(SINES.double())).abs().max() < ERROR
