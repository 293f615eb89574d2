import pytest
import torch

CASES = {
    "alpha=": lambda x, y: torch.add(x, y, alpha=0.5) + torch.sub(x, y, alpha=3),
    "alpha= with a number": lambda x, y: torch.add(x, 2, alpha=3) * y.sub(1, alpha=-2),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("batch", [1, 2], ids=str)
def test_runs_the_same_everywhere(model, batch, same_everywhere):
    same_everywhere(model, torch.randn(batch, 3, 4, 5), torch.randn(batch, 3, 4, 5))
