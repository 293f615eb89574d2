import pytest
import torch

CASES = {
    "tril": lambda x: x.tril(),
    "triu": lambda x: torch.triu(x, diagonal=1),
    "tril below": lambda x: torch.tril(x, -1),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(1, 3, 4, 5), (2, 3, 4, 5)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
