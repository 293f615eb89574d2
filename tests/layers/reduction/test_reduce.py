import itertools

import pytest
import torch

from pytorch2caffe import load_caffe, save_caffe, to_torch, trace
from tests.layers.conftest import types_of

IMAGE = (2, 3, 4, 5)
AXES = [axes for count in (1, 2, 3) for axes in itertools.combinations(range(4), count)]
OPERATIONS = {"mean": torch.mean, "sum": torch.sum, "amax": torch.amax, "amin": torch.amin}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
@pytest.mark.parametrize("keepdim", [False, True], ids=["dropped", "kept"])
@pytest.mark.parametrize("axes", AXES, ids=str)
def test_every_set_of_axes_runs_the_same_everywhere(operation, keepdim, axes, same_everywhere):
    same_everywhere(lambda x: operation(x, axes, keepdim=keepdim) * 2, torch.randn(IMAGE))


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
@pytest.mark.parametrize(
    "shape, axis", [((2, 6), 0), ((2, 6), 1), ((2, 3, 4), 0), ((2, 3, 4), 1), ((2, 3, 4), -1)], ids=str
)
def test_fewer_axes_run_the_same_everywhere(operation, shape, axis, same_everywhere):
    same_everywhere(lambda x: operation(x, axis), torch.randn(shape))


def test_five_axes_run_the_same_everywhere(same_everywhere):
    same_everywhere(lambda x: x.mean((1, 3)) + x.sum((1, 3)), torch.randn(2, 3, 2, 3, 2))


def test_over_height_and_width_is_one_pooling():
    assert types_of(lambda x: x.mean((2, 3), keepdim=True), torch.zeros(IMAGE)) == ["Pooling"]


def test_over_channels_without_a_maximum_of_two_maps(tmp_path):
    """X2Paddle has no Eltwise MAX: the channels are the rows of a Pooling."""
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    x = torch.randn(1, 20, 4, 5)
    written = save_caffe(trace(lambda x: x.amax(1, True), x), *files, "paddle")
    assert [node.layer.type for node in written.nodes] == ["Reshape", "Pooling", "Reshape"]
    torch.testing.assert_close(to_torch(load_caffe(*files))(x), x.amax(1, True), rtol=0, atol=0)
