import pytest
import torch

IMAGE = (2, 3, 4, 5)
CASES = {
    "movedim": (lambda x: x.movedim(1, -1), IMAGE),
    "movedim of two": (lambda x: torch.movedim(x, (0, 1), (-1, -2)), IMAGE),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
