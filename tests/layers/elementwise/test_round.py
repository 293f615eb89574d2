import pytest
import torch

from tests.layers.elementwise.test_rounding import HALVES

CASES = {
    "round": torch.round,
    "to decimals": lambda x: torch.round(x * 0.77, decimals=1),
    "to tens": lambda x: (x * 7.7).round(decimals=-1),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("x", [HALVES, HALVES * 1000.37], ids=["halves", "large"])
def test_runs_the_same_everywhere(model, x, same_everywhere):
    same_everywhere(model, x)
