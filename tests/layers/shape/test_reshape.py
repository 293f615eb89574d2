import pytest
import torch

IMAGE = (2, 3, 4, 5)
CASES = {
    "reshape": (lambda x: x.reshape(4, -1), IMAGE),
    "torch.reshape": (lambda x: torch.reshape(x, (2, -1, 2)), IMAGE),
    "a chain": (lambda x: x.view(2, 12, 5).reshape(24, 5).view(2, 3, 4, 5) * 2, IMAGE),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
