import pytest
import torch

from tests.layers.elementwise.test_rounding import HALVES

CASES = {
    "ceil": lambda x: x.ceil(),
    "of numbers in a row": lambda x: torch.ceil(x * 0.3 + 0.1),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("x", [HALVES, HALVES * 1000.37], ids=["halves", "large"])
def test_runs_the_same_everywhere(model, x, same_everywhere):
    same_everywhere(model, x)
