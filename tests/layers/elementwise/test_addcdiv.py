import pytest
import torch

TABLE = torch.rand(4, 5) + 0.5
CASES = {
    "addcdiv": lambda x, y: torch.addcdiv(x, x, y + 2, value=-2),
    "addcdiv of a constant": lambda x, y: x.addcdiv(TABLE, y + 2),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5), torch.rand(2, 3, 4, 5))
