import pytest
import torch

CASES = {
    "neg": lambda x: -x,
    "torch.neg": torch.neg,
    "neg in place": lambda x: (x * 3).neg_(),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
