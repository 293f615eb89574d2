import pytest
import torch

from pytorch2caffe import UnsupportedError, trace

MASK = torch.tensor([[True, False, False, True], [False, True, True, True], [False, False, True, False]])
CASES = {
    "a mask": lambda x: x.masked_scatter(MASK, x * 2 + 1),
    "a mask of rows": lambda x: x.masked_scatter(MASK[:, :1], x.flip(1)),
    "a constant source": lambda x: x.masked_scatter(MASK, torch.arange(20.0)),
    "into a constant": lambda x: torch.zeros(2, 3, 4).masked_scatter(MASK, x),
    "broadcast": lambda x: x[:1, :1].masked_scatter(MASK, x * 2),
    "in place": lambda x: (x * 2).masked_scatter_(MASK, x) + 1,
    "everywhere": lambda x: x.masked_scatter(MASK | ~MASK, x.mT.reshape(-1)),
    "nowhere": lambda x: (x * 2).masked_scatter(MASK & ~MASK, x),
    "a mask of the input, one number": lambda x: x.masked_scatter(x > 0, torch.full_like(x, -2.0)),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4))


def test_a_mask_of_the_input_is_refused():
    with pytest.raises(UnsupportedError, match="a mask that depends on the input.*\n *fix: use torch.where"):
        trace(lambda x: x.masked_scatter(x > 0, x * 2), torch.randn(2, 3, 4))
