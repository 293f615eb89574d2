import pytest
import torch

CASES = {
    "logsumexp": lambda x: torch.logsumexp(x, 1),
    "logsumexp of axes, kept": lambda x: x.logsumexp((2, 3), keepdim=True),
    "logsumexp of large numbers": lambda x: (x * 100).logsumexp(1),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.rand(2, 3, 4, 5) - 0.3)
