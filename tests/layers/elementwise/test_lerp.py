import pytest
import torch

TABLE = torch.rand(4, 5) + 0.5
CASES = {
    "lerp by a number": lambda x, y: torch.lerp(x, y, 0.3),
    "lerp by a tensor": lambda x, y: x.lerp(y, TABLE),
    "lerp by a traced tensor": lambda x, y: torch.lerp(x, y, x.sigmoid()),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5), torch.rand(2, 3, 4, 5))
