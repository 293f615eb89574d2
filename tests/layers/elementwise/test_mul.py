import pytest
import torch

CASES = {
    "zero times": lambda x, y: x * 0 + y,
    "spellings": lambda x, y: torch.multiply(x, y).subtract(y).true_divide(torch.tensor(2.0)),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("batch", [1, 2], ids=str)
def test_runs_the_same_everywhere(model, batch, same_everywhere):
    same_everywhere(model, torch.randn(batch, 3, 4, 5), torch.randn(batch, 3, 4, 5))
