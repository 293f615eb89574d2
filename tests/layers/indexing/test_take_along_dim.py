import pytest
import torch

from pytorch2caffe import UnsupportedError, trace

CASES = {
    "the same index along the other axes": lambda x: torch.take_along_dim(x, torch.tensor([[[3], [0], [3]]]), 1),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 4, 5))


def test_a_flat_index_is_refused():
    with pytest.raises(UnsupportedError, match="take_along_dim"):
        trace(lambda x: torch.take_along_dim(x, torch.tensor([3, 0])), torch.zeros(2, 4, 5))
