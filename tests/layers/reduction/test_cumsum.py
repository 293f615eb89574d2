import pytest
import torch

CASES = {
    "cumsum": lambda x: x.cumsum(2),
    "cumsum, last axis": lambda x: torch.cumsum(x, -1),
    "cumsum of channels": lambda x: x.cumsum(1),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(1, 3, 4, 5), (2, 3, 4, 5)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
