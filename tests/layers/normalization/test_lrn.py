import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, trace
from tests.layers.conftest import lacks, types_of

CASES = {
    "size 5": nn.LocalResponseNorm(5),
    "size 3, strong": nn.LocalResponseNorm(3, alpha=0.5, beta=0.75),
    "AlexNet": nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2.0),
    "wider than the channels": lacks(
        nn.LocalResponseNorm(9, alpha=1.0), opencv="errs where the window exceeds the channels"
    ),
    "size 1": lacks(nn.LocalResponseNorm(1, alpha=1.0, beta=0.5), opencv="errs with a window of one"),
    "functional": lambda x: F.local_response_norm(x, 5, 0.1, 0.6, 1.5),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 7, 4, 5), (1, 6, 3, 3)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape) * 2)


def test_is_one_layer():
    assert types_of(nn.LocalResponseNorm(5), torch.zeros(1, 6, 3, 3)) == ["LRN"]


def test_k_is_native_in_caffe_master(same_everywhere, request):
    assert types_of(CASES["AlexNet"], torch.zeros(1, 6, 3, 3)) == ["LRN", "Power"]
    assert types_of(CASES["AlexNet"], torch.zeros(1, 6, 3, 3), dialect="caffe-master") == ["LRN"]
    if "opencv" not in request.node.name:  # ignores k
        same_everywhere(CASES["AlexNet"], torch.randn(1, 6, 3, 3), dialect="caffe-master")


@pytest.mark.parametrize("shape", [(2, 7, 4), (1, 6, 3, 2, 4)], ids=str)
def test_runs_on_other_numbers_of_axes(shape, same_everywhere):
    same_everywhere(nn.LocalResponseNorm(3, alpha=0.5), torch.randn(shape))


def test_an_even_size_is_refused():
    with pytest.raises(UnsupportedError, match="local_response_norm of size 4"):
        trace(nn.LocalResponseNorm(4), torch.zeros(1, 6, 3, 3))
