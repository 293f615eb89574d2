import pytest
import torch

from tests.layers.elementwise.test_rounding import HALVES

CASES = {
    "trunc": torch.trunc,
    "fix": lambda x: x.fix(),
    "of positive numbers": lambda x: x.relu().trunc(),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("x", [HALVES, HALVES * 1000.37], ids=["halves", "large"])
def test_runs_the_same_everywhere(model, x, same_everywhere):
    same_everywhere(model, x)
