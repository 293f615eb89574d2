import pytest
import torch

from tests.layers.conftest import lacks

CASES = {
    "mean of all": lacks(lambda x: x.mean(), opencv="has no scalars"),
    "mean of no axes is of all": lacks(lambda x: x.mean(()), opencv="has no scalars"),
    "negative axes": lambda x: x.mean((-2, -1)),
    "variance by hand": lambda x: ((x - x.mean(1, keepdim=True)) ** 2).mean(1, keepdim=True),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("batch", [1, 2], ids=str)
def test_runs_the_same_everywhere(model, batch, same_everywhere):
    same_everywhere(model, torch.randn(batch, 3, 4, 5))
