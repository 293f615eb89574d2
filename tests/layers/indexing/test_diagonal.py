import pytest
import torch

CASES = {
    "of the last axes": lambda x: x.diagonal(0, 2, 3),
    "above": lambda x: torch.diagonal(x, 2, 2, 3),
    "below": lambda x: torch.diagonal(x, -3, -2, -1),
    "one element": lambda x: torch.diagonal(x, 4, 2, 3),
    "the axes reversed": lambda x: torch.diagonal(x, 1, 3, 2),
    "of axes apart": lambda x: torch.diagonal(x, dim1=1, dim2=3),
    "the default axes": lambda x: x[0].diagonal(),
    "linalg": lambda x: torch.linalg.diagonal(x, offset=1),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5))
