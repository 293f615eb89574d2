import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.layers.conftest import types_of

CASES = {
    "size 5": nn.LocalResponseNorm(5),
    "size 3, strong": nn.LocalResponseNorm(3, alpha=0.5, beta=0.75),
    "AlexNet": nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2.0),
    "wider than the channels, and alpha of Caffe's default": nn.LocalResponseNorm(9, alpha=1.0),
    "size 1": nn.LocalResponseNorm(1, alpha=1.0, beta=0.5),
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


OTHER_WINDOWS = {
    "size 4": nn.LocalResponseNorm(4, alpha=0.5),
    "size 2 and k=0": nn.LocalResponseNorm(2, alpha=0.5, k=0.0),
    "k=0": nn.LocalResponseNorm(3, alpha=0.5, k=0.0),
    "even and wider than the channels": nn.LocalResponseNorm(16, alpha=0.5, k=2.0),
}


@pytest.mark.parametrize("model", OTHER_WINDOWS.values(), ids=OTHER_WINDOWS)
def test_windows_that_caffe_lacks_run_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 7, 4, 5) * 2)


@pytest.mark.parametrize("shape", [(2, 7, 4), (1, 6, 3, 2, 4)], ids=str)
def test_even_windows_on_other_numbers_of_axes(shape, same_everywhere):
    same_everywhere(OTHER_WINDOWS["size 4"], torch.randn(shape))


def test_an_even_window_has_one_more_channel_before():
    types = types_of(OTHER_WINDOWS["size 4"], torch.zeros(1, 6, 3, 3))
    assert types == ["Eltwise", "Convolution", "Power", "Eltwise"]
