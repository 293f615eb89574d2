import pytest
import torch

from pytorch2caffe import UnsupportedError, trace

WHOLE = torch.arange(-30, 30).reshape(1, 3, 4, 5).float()
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
