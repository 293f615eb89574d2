import pytest
import torch

TABLE = torch.rand(4, 5) + 0.5
CASES = {
    "addcmul": lambda x, y: torch.addcmul(x, x, y, value=0.5),
    "addcmul with a constant": lambda x, y: x.addcmul(y, TABLE) + torch.addcmul(x, TABLE, TABLE, value=2),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5), torch.rand(2, 3, 4, 5))
