import pytest
import torch

from tests.layers.conftest import lacks

CASES = {
    "sum of all": lacks(lambda x: x.sum(), opencv="has no scalars"),
    "all axes, kept": lambda x: x.sum((0, 1, 2, 3), keepdim=True) + x.amin((0, 1, 2, 3), True),
    "a list of axes": lambda x: x.sum([1, 3], True),
    "one axis as a list": lambda x: torch.sum(x, [2]),
    "a large sum": lambda x: (x * 100).sum((0, 2, 3)),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("batch", [1, 2], ids=str)
def test_runs_the_same_everywhere(model, batch, same_everywhere):
    same_everywhere(model, torch.randn(batch, 3, 4, 5))
