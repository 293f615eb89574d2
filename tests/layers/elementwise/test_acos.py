import pytest
import torch

from tests.layers.elementwise.test_asin import SINES
from tests.layers.elementwise.test_atan2 import ERROR

CASES = {
    "a function": torch.acos,
    "a method": lambda x: x.arccos(),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.rand(2, 3, 4) * 2 - 1)


@pytest.mark.parametrize("runtime", ["builtin", "caffe"])
def test_the_largest_error_is_the_one_stated(runtime, run_in):
    assert (run_in(runtime, torch.acos, SINES) - torch.acos(SINES.double())).abs().max() < ERROR
