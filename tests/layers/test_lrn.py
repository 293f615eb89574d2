import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, trace
from tests.layers.conftest import types_of

CASES = {
    "size 5": nn.LocalResponseNorm(5),
    "size 3, strong": nn.LocalResponseNorm(3, alpha=0.5, beta=0.75),
    "AlexNet": nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2.0),
    "wider than the channels": nn.LocalResponseNorm(9, alpha=1.0),
    "size 1": nn.LocalResponseNorm(1, alpha=1.0, beta=0.5),
    "functional": lambda x: F.local_response_norm(x, 5, 0.1, 0.6, 1.5),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 7, 4, 5), (1, 6, 3, 3)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape) * 2)


def test_is_one_layer():
    assert types_of(nn.LocalResponseNorm(5), torch.zeros(1, 6, 3, 3)) == ["LRN"]


@pytest.mark.parametrize(("size", "shape"), [(4, (1, 6, 3, 3)), (5, (1, 6, 3))], ids=["even", "three axes"])
def test_others_are_refused(size, shape):
    with pytest.raises(UnsupportedError, match="local_response_norm"):
        trace(nn.LocalResponseNorm(size), torch.zeros(shape))
