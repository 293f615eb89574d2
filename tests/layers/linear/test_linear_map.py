import numpy as np
import pytest
import torch

from pytorch2caffe import UnsupportedError, save_caffe, to_torch, trace
from tests.layers.conftest import types_of

INDEX = torch.tensor([3, 0, 2, 2, 1, 3, 0])
CASES = {
    "index_select": lambda x: x.index_select(2, INDEX),
    "index_select of channels": lambda x: torch.index_select(x, 1, torch.tensor([2, 0])),
    "index_select of the batch": lambda x: x.index_select(0, torch.tensor([0, 0])),
    "index_select, a run": lambda x: x.index_select(3, torch.arange(1, 4)),
    "index_select, everything": lambda x: x.index_select(3, torch.arange(5)) * 2,
    "flip": lambda x: x.flip(3),
    "flip, dims by name": lambda x: torch.flip(x, dims=(-1,)),
    "fliplr, flipud of 4 axes": lambda x: x.fliplr() + x.flipud(),
    "flip of two axes": lambda x: torch.flip(x, (2, 3)),
    "flip of channels": lambda x: x.flip(1),
    "fliplr, flipud": lambda x: torch.fliplr(x[0, 0]) + torch.flipud(x[0, 1]),
    "roll": lambda x: x.roll(1, 2),
    "roll of two axes, as in Swin": lambda x: torch.roll(x, (-2, -1), (2, 3)),
    "roll of everything": lambda x: x.roll(7),
    "roll by more than the size": lambda x: x.roll(-9, 3),
    "cumsum": lambda x: x.cumsum(2),
    "cumsum, last axis": lambda x: torch.cumsum(x, -1),
    "cumsum of channels": lambda x: x.cumsum(1),
    "diff": lambda x: torch.diff(x),
    "diff of an axis, twice": lambda x: x.diff(2, 2),
    "gather of a constant index": lambda x: x.gather(3, torch.tensor([4, 0, 2]).expand(x.shape[0], 3, 4, 3)),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(1, 3, 4, 5), (2, 3, 4, 5)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


@pytest.mark.parametrize("shape", [(2, 7), (2, 3, 7), (2, 2, 3, 2, 7)], ids=str)
@pytest.mark.parametrize("axis", [0, -1])
def test_every_rank(shape, axis, same_everywhere):
    same_everywhere(lambda x: x.cumsum(axis) + x.flip(axis), torch.randn(shape))


def test_few_runs_are_slices_and_many_are_one_matrix():
    x = torch.zeros(1, 3, 4, 9)
    assert types_of(lambda x: x.roll(2, 3), x) == ["Slice", "Silence", "Slice", "Silence", "Concat"]
    assert types_of(lambda x: x.flip(3), x) == ["InnerProduct"]
    assert types_of(lambda x: x.roll(1, 2).flip(2).flip(1), x.reshape(1, 3, 9, 4)).count("Convolution") == 1


def test_a_matrix_that_is_too_large_is_refused(tmp_path):
    graph = trace(lambda x: x.cumsum(1), torch.zeros(1, 5000))
    with pytest.raises(UnsupportedError, match="a matrix of 25000000 numbers"):
        save_caffe(graph, tmp_path / "net.prototxt", tmp_path / "net.caffemodel")
    assert not list(tmp_path.iterdir())


REFUSED = {
    "an index from values": lambda x: torch.arange(9.0).index_select(0, (x[0, 0, 0] * 0).long()),
    "gather with an index that differs": lambda x: x.gather(3, torch.tensor(np.arange(24).reshape(1, 3, 4, 2) % 5)),
}


@pytest.mark.parametrize("model", REFUSED.values(), ids=REFUSED)
def test_others_are_refused(model):
    with pytest.raises(UnsupportedError):
        trace(model, torch.randn(1, 3, 4, 5))


def test_its_matrix_is_not_for_training():
    model = to_torch(trace(lambda x: x.cumsum(2), torch.randn(1, 3, 4, 5)))
    assert list(model.parameters()) == [] and len(list(model.buffers())) == 1
