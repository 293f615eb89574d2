import pytest
import torch

from tests.layers.elementwise.test_compare import numbers

MASK = torch.tensor([True, False, True, True, False])


CASES = {
    "xor": lambda x: torch.logical_xor(x > 0, x.flip(1) > 0),
    "with a constant": lambda x: (x > 0) & MASK | torch.logical_not(MASK),
    "numbers in logic": lambda x: torch.logical_and(x.relu(), x.flip(1)) | torch.logical_not(x),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, numbers())
