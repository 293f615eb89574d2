import pytest
import torch

from tests.layers.elementwise.test_integer_division import WHOLE

CASES = {
    "remainder": lambda x: torch.remainder(x, 7),
    "of a negative divisor": lambda x: x % -7,
    "of a fraction": lambda x: x.remainder(0.1),
    "an angle": lambda x: x % (2 * torch.pi),
    "modulo 1": lambda x: (x * 0.37) % 1.0,
    "in place": lambda x: (x * 1).remainder_(5),
    "a tensor of one number": lambda x: x % torch.tensor([4.0]),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("x", [WHOLE, WHOLE * 0.73], ids=["integers", "fractions"])
def test_runs_the_same_everywhere(model, x, same_everywhere):
    same_everywhere(model, x)
