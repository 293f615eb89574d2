import pytest
import torch

from pytorch2caffe import UnsupportedError, trace

MASK = torch.rand(4, 5) > 0.4
COLUMN = torch.tensor([True, False, True, True, False])
CASES = {
    "masked_fill": lambda x: x.masked_fill(MASK, 2.5),
    "masked_fill_": lambda x: (x * 1).masked_fill_(MASK, -2.5),
    "masked_fill with a tensor": lambda x: torch.masked_fill(x, COLUMN, torch.tensor(7.0)),
    "causal attention": lambda x: x[..., :4].masked_fill(torch.ones(4, 4).triu(1) > 0, -1e4).softmax(-1),
    "causal attention, -inf": lambda x: x[..., :4].masked_fill(torch.ones(4, 4).triu(1) > 0, -torch.inf).softmax(-1),
    "masked_fill by its own values": lambda x: x.masked_fill(x < -0.5, -1e9),
    "masked_fill with one of its own": lambda x: x.masked_fill(MASK, x.mean()),
    "-inf by its own values": lambda x: x.masked_fill(x < x.amax(-1, keepdim=True) - 1, -torch.inf).softmax(-1),
}


REFUSED = {
    "NaN": (lambda x: x.masked_fill(x > 0, torch.nan), "a mask that writes NaN"),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(1, 3, 4, 5), (2, 3, 4, 5)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


@pytest.mark.filterwarnings("ignore:where received a uint8")
@pytest.mark.parametrize(("model", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses(model, message):
    with pytest.raises(UnsupportedError, match=message):
        trace(model, torch.randn(2, 3, 4, 5))
