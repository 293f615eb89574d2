import pytest
import torch

COLUMN = (2, 3, 1, 1)
CASES = {
    "broadcast_to": (lambda x: torch.broadcast_to(x, (2, 3, 4, 5)), COLUMN),
    "broadcast_to, method": (lambda x: x.broadcast_to((2, 3, 2, 1)), COLUMN),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
