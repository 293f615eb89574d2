import pytest
import torch

CASES = {
    "outer": (lambda x: torch.outer(x[0], x[1, 1:]), (2, 4)),
    "outer of a constant": (lambda x: torch.outer(torch.arange(3.0), x[0]), (2, 4)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
