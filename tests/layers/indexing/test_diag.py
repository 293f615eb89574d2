import pytest
import torch

CASES = {
    "of a matrix": lambda x: x[0, 0].diag(1),
    "a matrix of a row": lambda x: x[0, 0, 0].diag(),
    "a matrix of a row, above": lambda x: torch.diag(x[0, 0, 0], 2),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5))
