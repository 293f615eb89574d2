import pytest
import torch

from pytorch2caffe import UnsupportedError, trace

MASK = torch.rand(4, 5) > 0.4
COLUMN = torch.tensor([True, False, True, True, False])


def written(x):
    y = x * 2
    y[y < 0] = 0.25
    y[y[:, :, 0, 0] > 0] = 3.0
    return y


def leaky(x):
    y = x * 2
    y[y < 0] *= 0.1
    return y


CASES = {
    "two tensors": lambda x: torch.where(MASK, x, x * 2),
    "a tensor and a number": lambda x: torch.where(MASK, x, 0.5),
    "a number and a tensor": lambda x: torch.where(MASK, -1.0, x),
    "a tensor and a constant": lambda x: torch.where(MASK, x, torch.arange(5.0)),
    "method": lambda x: x.where(MASK, x.new_tensor(3.0)),
    "broadcast condition": lambda x: torch.where(COLUMN, x, -x),
    "condition of its shape": lambda x: torch.where(torch.ones_like(x) > 0, x, -x),
    "broadcast tensor": lambda x: torch.where(MASK, x[:, :, :1], x),
    "all of it": lambda x: torch.where(torch.tensor(True), x, -x),
    "by its own values": lambda x: torch.where(x > 0, x, x * 0.1),
    "two numbers by its own values": lambda x: torch.where(x > 0.3, 1.5, -0.7),
    "a constant by its own values": lambda x: torch.where(x > x.flip(1), torch.arange(5.0), x),
    "a larger condition": lambda x: torch.where(x > 0, torch.zeros(5), x[:, :1]),
    "a constant with inf in it": lambda x: torch.where(x > 0, x, torch.tensor([0, -torch.inf, 1, 2, 3])).amax(2),
    "written where a mask is": written,
    "log of what is positive": lambda x: torch.where(x > 0, x.log(), x),
    "a root that is safe already": lambda x: torch.where(x > 0, torch.where(x > 0, x, 1.0).sqrt(), 0.0),
    "a quotient": lambda x: torch.where(x.relu() == 0, 0.5, (x + 2) / x.relu()),
    "selected, computed and written back": leaky,
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(1, 3, 4, 5), (2, 3, 4, 5)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


REFUSED = {
    "a condition of numbers": (lambda x: x.where(x.argmax(1, keepdim=True).byte(), x), "where of numbers"),
    "what may be NaN": (lambda x: torch.where(x > 0, x.log().flip(1), x), r"inf or NaN \(of log at natural_log"),
}


@pytest.mark.filterwarnings("ignore:where received a uint8")
@pytest.mark.parametrize(("model", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses(model, message):
    with pytest.raises(UnsupportedError, match=message):
        trace(model, torch.randn(2, 3, 4, 5))
