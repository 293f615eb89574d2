import pytest
import torch
import torch.nn.functional as F

from pytorch2caffe import UnsupportedError, trace
from tests.layers.conftest import types_of

ROW = torch.tensor([0.0, 0.25, -0.3, 2.0, 1e30])
MASK = torch.tensor([True, False, True, True, False])


def numbers() -> torch.Tensor:
    """Random ones among which stand equal ones, the next float32, the least ones and great ones."""
    x = torch.randn(2, 3, 4, 5)
    x[:, 1] = x[:, 0]
    x[0, 0, 0] = torch.tensor([0.25, 0.0, 1e-37, -1e-37, -0.0])
    x[0, 1, 0] = torch.nextafter(torch.tensor(0.25), torch.tensor(1.0))
    x[1, 2, 3] = torch.tensor([1e30, -1e30, 3e38, -3e38, 1e-30])
    return x


CASES = {
    "above a number": lambda x: (x > 0.25).float(),
    "at least a number": lambda x: x >= 0.25,
    "below a number": lambda x: torch.lt(x, 0.25),
    "at most a number": lambda x: torch.less_equal(x, 0.25) * x,
    "equal to a number": lambda x: x == 0.25,
    "other than a number": lambda x: x.ne(0.25),
    "above 0, the least numbers too": lambda x: x > 0,
    "below 0": lambda x: 0 > x,  # noqa: SIM300
    "equal to 0": lambda x: x == 0,
    "above another": lambda x: x > x.flip(1),
    "equal to another": lambda x: torch.eq(x, x.flip(1)),
    "at least another, broadcast": lambda x: x >= x[:, :1],
    "below a constant": lambda x: x < ROW,
    "a constant below it": lambda x: ROW.lt(x),
    "at most a constant, which is larger": lambda x: x[:, :, :, :1] <= ROW,
    "inf with finite numbers": lambda x: (x == torch.inf) + (x > -torch.inf) * 2 + (x <= -torch.inf) * 4,
    "times each other": lambda x: (x > 0) * (x < 1),
    "how many": lambda x: (x > 0).sum((2, 3)),
    "peaks": lambda x: (lambda y: y * (F.max_pool2d(y, 3, 1, 1) == y))(x.clamp(-9, 9)),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, numbers())


@pytest.mark.lacks(opencv="takes numbers below 1e-38 for 0")
def test_the_least_numbers(same_everywhere):
    same_everywhere(lambda x: (x > 0) + 2.0 * (x < 0), torch.tensor([[1e-45, -1e-45, 0, 1e-40, -1e-40]]))


def test_of_whole_numbers(same_everywhere):
    same_everywhere(lambda x: (x == 2) * 1.0 + (x > 1), torch.tensor([[1, 2, 3], [2, 0, -1]]).float())


def test_with_a_number_it_is_one_layer_and_its_opposite_two():
    assert types_of(lambda x: x > 0.5, torch.zeros(1, 3), dialect="caffe-master") == ["Threshold"]
    assert types_of(lambda x: x <= 0.5, torch.zeros(1, 3), dialect="caffe-master") == ["Threshold", "Power"]


REFUSED = {
    "NaN": (lambda x: x == torch.nan, "a comparison with inf or NaN"),
    "inf in a constant": (lambda x: x < torch.tensor([1.0, 2, 3, 4, torch.inf]), "a comparison with inf or NaN"),
    "inf with what may be inf": (lambda x: x.exp() == torch.inf, "may be inf or NaN"),
    "what a mask chooses": (lambda x: x[x > 0], "a tensor whose size depends on the input"),
    "where it holds": (lambda x: torch.where(x > 0), "where with a condition only"),
    "a decision": (lambda x: x if (x > 0).all() else -x, "a Python decision"),
}


@pytest.mark.parametrize(("model", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses(model, message):
    with pytest.raises(UnsupportedError, match=message):
        trace(model, torch.randn(2, 3, 4, 5))
