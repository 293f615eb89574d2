import pytest
import torch

from pytorch2caffe import UnsupportedError, trace

MASK = torch.rand(4, 5) > 0.4
COLUMN = torch.tensor([True, False, True, True, False])
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
    "masked_fill": lambda x: x.masked_fill(MASK, 2.5),
    "masked_fill_": lambda x: (x * 1).masked_fill_(MASK, -2.5),
    "masked_fill with a tensor": lambda x: torch.masked_fill(x, COLUMN, torch.tensor(7.0)),
    "causal attention": lambda x: x[..., :4].masked_fill(torch.ones(4, 4).triu(1) > 0, -1e4).softmax(-1),
    "causal attention, -inf": lambda x: x[..., :4].masked_fill(torch.ones(4, 4).triu(1) > 0, -torch.inf).softmax(-1),
    "tril": lambda x: x.tril(),
    "triu": lambda x: torch.triu(x, diagonal=1),
    "tril below": lambda x: torch.tril(x, -1),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(1, 3, 4, 5), (2, 3, 4, 5)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


REFUSED = {
    "a condition from values": lambda x: torch.where(x > 0, x, -x),
    "a mask from values": lambda x: x.masked_fill(x > 0, 0),
    "a value from values": lambda x: x.masked_fill(MASK, x.mean()),
}


@pytest.mark.parametrize("model", REFUSED.values(), ids=REFUSED)
def test_what_depends_on_the_input_is_refused(model):
    with pytest.raises(UnsupportedError):
        trace(model, torch.randn(2, 3, 4, 5))
