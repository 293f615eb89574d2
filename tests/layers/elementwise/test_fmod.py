import pytest
import torch

from tests.layers.elementwise.test_integer_division import WHOLE

CASES = {
    "fmod": lambda x: torch.fmod(x, 7),
    "of a negative divisor": lambda x: x.fmod(-2.5),
    "of positive numbers": lambda x: x.relu().fmod(3),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("x", [WHOLE, WHOLE * 0.73], ids=["integers", "fractions"])
def test_runs_the_same_everywhere(model, x, same_everywhere):
    same_everywhere(model, x)
