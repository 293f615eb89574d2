import pytest
import torch

TABLE = torch.rand(4, 5) + 0.5
CASES = {
    "hypot": lambda x, y: torch.hypot(x, y) + x.hypot(TABLE),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5), torch.rand(2, 3, 4, 5))
