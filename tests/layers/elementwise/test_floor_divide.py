import pytest
import torch

from tests.layers.conftest import lacks
from tests.layers.elementwise.test_integer_division import WHOLE


def position(x):
    """The position of the maximum in each picture of all channels."""
    return x.flatten(1).argmax(1, keepdim=True)


CASES = {
    "floor_divide": lambda x: torch.floor_divide(x, 7),
    "by a negative number": lambda x: x // -3,
    "div with rounding_mode floor": lambda x: torch.div(x, 2.5, rounding_mode="floor"),
    "div with rounding_mode trunc": lambda x: x.div(7, rounding_mode="trunc"),
    "trunc by a negative number": lambda x: x.relu().div(-7, rounding_mode="trunc"),
    "rows and columns of positions": lacks(
        lambda x: torch.cat([position(x) // 5, position(x) % 5], 1), opencv="has no ArgMax"
    ),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("x", [WHOLE, WHOLE * 0.73], ids=["integers", "fractions"])
def test_runs_the_same_everywhere(model, x, same_everywhere):
    same_everywhere(model, x)
