import pytest
import torch

from pytorch2caffe import UnsupportedError, trace

MATRIX = torch.arange(12.0).reshape(4, 3) / 10
CASES = {
    "cdist": (lambda x: torch.cdist(x, x.flip(1)[:, :3] * 2), (2, 4, 5)),
    "cdist to constants": (lambda x: torch.cdist(x, MATRIX), (6, 3)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


REFUSED = {
    "the sum of all distances": (lambda x: torch.cdist(x, x, 1.0), "cdist with p=1"),
}


@pytest.mark.parametrize(("model", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses(model, message):
    with pytest.raises(UnsupportedError, match=message):
        trace(model, torch.randn(4, 4))
