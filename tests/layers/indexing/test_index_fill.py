import pytest
import torch

T = torch.tensor
CASES = {
    "index_fill": lambda x: x.index_fill(1, T([2, 0, 2]), -1.0),
    "index_fill_": lambda x: (x * 1).index_fill_(-2, T([4]), 3),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 4, 5, 6))
