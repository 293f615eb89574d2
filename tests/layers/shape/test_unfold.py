import pytest
import torch

from pytorch2caffe import to_torch, trace
from tests.layers.conftest import types_of

CASES = {
    "windows that overlap": lambda x: x.unfold(3, 3, 1),
    "windows side by side": lambda x: x.unfold(2, 2, 2),
    "windows apart": lambda x: x.unfold(-1, 2, 3),
    "a rest is left out": lambda x: x.unfold(3, 3, 3),
    "one window": lambda x: x.unfold(2, 4, 1),
    "of size 1": lambda x: x.unfold(3, 1, 2),
    "of channels": lambda x: x.unfold(1, 2, 1),
    "patches of an image": lambda x: x.unfold(2, 2, 2).unfold(3, 2, 2),
    "patches that overlap": lambda x: x.unfold(2, 3, 1).unfold(3, 3, 1),
    "of a row": lambda x: x[0, 0, 0].unfold(0, 3, 2),
    "frames of a signal": lambda x: x.flatten(1).unfold(1, 8, 4),
    "by name": lambda x: x.unfold(dimension=3, size=2, step=1),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("batch", [1, 2])
def test_runs_the_same_everywhere(model, batch, same_everywhere):
    same_everywhere(model, torch.randn(batch, 3, 4, 7))


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_is_exact(model):
    x = torch.randn(2, 3, 4, 7) * 1e30
    assert torch.equal(to_torch(trace(model, x))(x), model(x))


def test_of_a_tensor_without_axes():
    x = torch.tensor([3.0])
    assert torch.equal(to_torch(trace(lambda x: x[0].unfold(0, 1, 1), x))(x), x)


def test_windows_that_overlap_are_one_convolution():
    assert types_of(lambda x: x.flatten(1).unfold(1, 8, 4), torch.zeros(1, 3, 4, 7)).count("Convolution") == 1


def test_a_signal_needs_no_matrix():
    (node,) = [n for n in trace(lambda x: x.unfold(1, 400, 160), torch.zeros(1, 16000)).nodes if n.blobs]
    assert node.blobs[0].size == 400 * 400
