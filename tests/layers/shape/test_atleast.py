import pytest
import torch

from tests.layers.conftest import lacks

CASES = {
    "one axis": lacks(lambda x: torch.atleast_1d(x[0, 0]) + torch.atleast_1d(x)[0], opencv="has no scalars"),
    "two axes": lambda x: torch.atleast_2d(x[0]) * 2,
    "three axes": lambda x: torch.atleast_3d(x[0]) + torch.atleast_3d(x)[:1],
    "several": lacks(lambda x: sum(part.sum() for part in torch.atleast_2d(x[0], x))[None], opencv="has no scalars"),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(3, 4))
