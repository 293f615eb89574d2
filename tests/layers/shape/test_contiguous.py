import pytest
import torch

CASES = {
    "contiguous": (lambda x: x.permute(0, 2, 1).contiguous().view(2, -1), (2, 3, 4)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
