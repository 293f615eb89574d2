import pytest
import torch

CASES = {
    "logaddexp": lambda x: torch.logaddexp(x, 1 - x),
    "logaddexp, method": lambda x: x.logaddexp(x * 2),
    "logaddexp, broadcast": lambda x: torch.logaddexp(x, x[:1]),
    "logaddexp with a constant": lambda x: torch.logaddexp(x, torch.ones(5)),
    "logaddexp with -inf": lambda x: torch.logaddexp(x, torch.full((5,), -torch.inf)),
    "logaddexp, far apart": lambda x: torch.logaddexp(x * 200, -x * 200),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 5)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
