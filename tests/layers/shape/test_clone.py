import pytest
import torch

CASES = {
    "clone": (lambda x: x.clone() + 1, (2, 3)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
