import pytest
import torch

CASES = {
    "cosine": torch.cos,
    "in place": lambda x: (x * 1).cos_(),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4) * 3)
