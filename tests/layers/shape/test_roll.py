import pytest
import torch

CASES = {
    "roll": lambda x: x.roll(1, 2),
    "roll of two axes, as in Swin": lambda x: torch.roll(x, (-2, -1), (2, 3)),
    "roll of everything": lambda x: x.roll(7),
    "roll by more than the size": lambda x: x.roll(-9, 3),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(1, 3, 4, 5), (2, 3, 4, 5)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
