import pytest
import torch

CASES = {
    "diff": lambda x: torch.diff(x),
    "diff of an axis, twice": lambda x: x.diff(2, 2),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(1, 3, 4, 5), (2, 3, 4, 5)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
