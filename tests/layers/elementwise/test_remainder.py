import pytest
import torch

from pytorch2caffe import UnsupportedError, trace
from tests.layers.conftest import lacks

WHOLE = torch.arange(-30, 30).reshape(1, 3, 4, 5).float()


def position(x):
    """The position of the maximum in each picture of all channels."""
    return x.flatten(1).argmax(1, keepdim=True)


CASES = {
    "remainder": lambda x: torch.remainder(x, 7),
    "remainder of a negative divisor": lambda x: x % -7,
    "remainder of a fraction": lambda x: x.remainder(0.1),
    "an angle": lambda x: x % (2 * torch.pi),
    "modulo 1": lambda x: (x * 0.37) % 1.0,
    "in place": lambda x: (x * 1).remainder_(5),
    "fmod": lambda x: torch.fmod(x, 7),
    "fmod of a negative divisor": lambda x: x.fmod(-2.5),
    "fmod of positive numbers": lambda x: x.relu().fmod(3),
    "floor_divide": lambda x: torch.floor_divide(x, 7),
    "floor_divide by a negative number": lambda x: x // -3,
    "div with rounding_mode floor": lambda x: torch.div(x, 2.5, rounding_mode="floor"),
    "div with rounding_mode trunc": lambda x: x.div(7, rounding_mode="trunc"),
    "div with rounding_mode trunc by a negative number": lambda x: x.relu().div(-7, rounding_mode="trunc"),
    "a tensor of one number": lambda x: x % torch.tensor([4.0]),
    "rows and columns of positions": lacks(
        lambda x: torch.cat([position(x) // 5, position(x) % 5], 1), opencv="has no ArgMax"
    ),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("x", [WHOLE, WHOLE * 0.73], ids=["integers", "fractions"])
def test_runs_the_same_everywhere(model, x, same_everywhere):
    same_everywhere(model, x)


DIVISORS = [1.0, 3.0, 41.0, 83.0, 4095.0, 0.1, 2.5, 2 * torch.pi, -3.0, -0.1]


@pytest.mark.parametrize("divisor", DIVISORS)
@pytest.mark.parametrize("function", [torch.remainder, torch.fmod, torch.floor_divide], ids=lambda f: f.__name__)
def test_is_exact(function, divisor, run_in):
    multiples = torch.arange(-4000, 4001) * divisor
    x = torch.cat([multiples, torch.randn(4000).clamp(-4, 4) * 1000 * abs(divisor)])[None]
    result, expected = run_in("builtin", lambda x: function(x, divisor), x), function(x, divisor)
    if function is torch.floor_divide:
        assert torch.equal(result, expected)
    else:
        torch.testing.assert_close(result, expected, rtol=2e-7, atol=0)


def test_multiples_that_an_inverse_misses():
    divisors = [float(n) for n in range(1, 100)]
    missed = [n for n in divisors if float(torch.tensor(n) * torch.tensor(1 / n)) < 1]
    assert missed == [41.0, 47.0, 55.0, 61.0, 82.0, 83.0, 94.0, 97.0], "floor(x * (1 / n)) would be wrong there"


REFUSED = {
    "by a tensor": (lambda x: x % (x + 1), "remainder by a tensor"),
    "by several numbers": (lambda x: x // torch.tensor([1.0, 2.0]), "floor_divide by a tensor"),
    "a number by a tensor": (lambda x: 7 % x, "by a tensor"),
    "by zero": (lambda x: x.fmod(0.0), "fmod by 0.0"),
    "rounded by a tensor": (lambda x: torch.div(x, x + 3, rounding_mode="trunc"), "'trunc' by a tensor"),
}


@pytest.mark.parametrize(("model", "match"), REFUSED.values(), ids=REFUSED)
def test_is_refused(model, match):
    with pytest.raises(UnsupportedError, match=match):
        trace(model, torch.ones(1, 3, 2))
