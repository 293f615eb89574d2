import pytest
import torch

from pytorch2caffe import UnsupportedError, trace

INDEX = torch.tensor([3, 0, 2, 2, 1, 3, 0])
CASES = {
    "index_select": lambda x: x.index_select(2, INDEX),
    "index_select of channels": lambda x: torch.index_select(x, 1, torch.tensor([2, 0])),
    "index_select of the batch": lambda x: x.index_select(0, torch.tensor([0, 0])),
    "index_select, a run": lambda x: x.index_select(3, torch.arange(1, 4)),
    "index_select, everything": lambda x: x.index_select(3, torch.arange(5)) * 2,
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(1, 3, 4, 5), (2, 3, 4, 5)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


REFUSED = {
    "an index from values": lambda x: torch.arange(9.0).index_select(0, (x[0, 0, 0] * 0).long()),
}


@pytest.mark.parametrize("model", REFUSED.values(), ids=REFUSED)
def test_others_are_refused(model):
    with pytest.raises(UnsupportedError):
        trace(model, torch.randn(1, 3, 4, 5))
