import pytest
import torch

T = torch.tensor
CASES = {
    "index_add": lambda x: torch.index_add(x, 1, T([0, 0, 3]), x[:, 1:] * 2, alpha=0.5),
    "index_add of constants": lambda x: x.index_add(2, T([1, 1]), torch.ones(2, 4, 2, 6)),
    "index_add to constants": lambda x: torch.ones(2, 2, 5, 6).index_add(1, T([0, 1, 1, 0]), x),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 4, 5, 6))
