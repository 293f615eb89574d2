import pytest
import torch

SHAPE = (2, 4, 6, 8)
CASES = {
    "select": lambda x: x.select(2, 3),
    "select, negative": lambda x: torch.select(x, -1, -2),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(SHAPE))
