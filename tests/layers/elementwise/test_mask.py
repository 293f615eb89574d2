import pytest
import torch

from pytorch2caffe import UnsupportedError, trace

REFUSED = {
    "plus of masks": (lambda x: (x > 0) + (x > 1), r"torch.Tensor.add computes in torch.bool"),
}


def test_a_mask_among_the_inputs(same_everywhere):
    x = torch.randn(2, 5)
    graph = trace(lambda x, mask: torch.where(mask, x, 0) + (~mask & (x > 0)), (x, x > 0))
    assert [value.shape for value in graph.inputs] == [(2, 5), (2, 5)]


@pytest.mark.parametrize(("model", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses(model, message):
    with pytest.raises(UnsupportedError, match=message):
        trace(model, torch.randn(2, 3, 4, 5))
