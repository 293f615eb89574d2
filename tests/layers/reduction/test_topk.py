import pytest
import torch

from tests.layers.conftest import lacks

CASES = {
    "topk": lambda x: x.topk(2, 1),
    "topk, smallest": lambda x: torch.topk(x, 3, largest=False)[0],
    "topk, places": lambda x: x.topk(2)[1],
}


@pytest.mark.parametrize(
    "model",
    [lacks(m, opencv="has no ArgMax", ir="has ArgMax for one index only") for m in CASES.values()],
    ids=CASES,
)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5))
