import pytest
import torch

CASES = {
    "rsub, and a number minus a tensor": lambda x, y: torch.rsub(x, y) + torch.rsub(x, 1, alpha=2) + (1 - y),
    "rsub": lambda x, y: torch.rsub(x, y) + torch.rsub(y, 2, alpha=3),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("batch", [1, 2], ids=str)
def test_runs_the_same_everywhere(model, batch, same_everywhere):
    same_everywhere(model, torch.randn(batch, 3, 4, 5), torch.randn(batch, 3, 4, 5))
