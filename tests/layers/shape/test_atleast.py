import pytest
import torch

CASES = {
    "one axis": lambda x: torch.atleast_1d(x[0, 0]) + torch.atleast_1d(x)[0],
    "two axes": lambda x: torch.atleast_2d(x[0]) * 2,
    "three axes": lambda x: torch.atleast_3d(x[0]) + torch.atleast_3d(x)[:1],
    "several": lambda x: sum(part.sum() for part in torch.atleast_2d(x[0], x))[None],
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(3, 4))
