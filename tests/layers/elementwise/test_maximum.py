import pytest
import torch

CASES = {
    "fmax, fmin": lambda x, y: torch.fmax(x, y) - torch.fmin(x, y * 2),
    "maximum with a scalar tensor": lambda x, y: torch.maximum(x, torch.tensor(0.2)) + y,
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("batch", [1, 2], ids=str)
def test_runs_the_same_everywhere(model, batch, same_everywhere):
    same_everywhere(model, torch.randn(batch, 3, 4, 5), torch.randn(batch, 3, 4, 5))
