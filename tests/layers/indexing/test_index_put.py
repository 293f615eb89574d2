import pytest
import torch

T = torch.tensor
CASES = {
    "index_put": lambda x: x.index_put((T([0, 1]), T([2, 3])), x[0, :2] * 2),
    "index_put, added up": lambda x: x.index_put((T([0, 1, 0]), T([2, 3, 2])), T(1.5), accumulate=True),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 4, 5, 6))
