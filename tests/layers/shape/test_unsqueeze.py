import pytest
import torch

CASES = {
    "unsqueeze": (lambda x: x.unsqueeze(1), (2, 3, 4)),
    "unsqueeze at the end": (lambda x: x.unsqueeze(-1), (2, 3)),
    "unsqueeze in front": (lambda x: torch.unsqueeze(x, 0), (2, 3)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
