import pytest
import torch

CASES = {
    "a function": torch.rad2deg,
    "a method": lambda x: x.rad2deg(),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4) * 3)
