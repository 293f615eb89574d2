import pytest
import torch

from pytorch2caffe import UnsupportedError, trace
from tests.layers.conftest import types_of

IMAGE = (2, 3, 4, 5)
CASES = {
    "view": (lambda x: x.view(2, 12, 5), IMAGE),
    "view of the batch with -1": (lambda x: x.view(-1, 60), IMAGE),
    "view with -1": (lambda x: x.view(x.size(0), -1), IMAGE),
    "view of a tuple": (lambda x: x.view((6, 20)), IMAGE),
    "view over the batch": (lambda x: x.view(6, 4, 5), IMAGE),
    "view to 1-D": (lambda x: x.view(-1), (2, 6)),
    "view to 5-D": (lambda x: x.view(2, 3, 2, 2, 5), IMAGE),
    "view to 6-D": (lambda x: x.view(2, 3, 2, 2, 5, 1), IMAGE),
    "view_as": (lambda x: x.view_as(torch.zeros(2, 60)), IMAGE),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_the_same_shape_is_no_layer():
    assert types_of(lambda x: x.view(2, 3, 4).relu(), torch.zeros(2, 3, 4)) == ["ReLU"]


def test_a_chain_is_one_layer():
    assert types_of(lambda x: x.view(2, 3, 4).view(6, 4).view(24), torch.zeros(2, 12)) == ["Reshape"]


def test_the_batch_stays_open():
    (node,) = trace(lambda x: x.view(2, 6, 2), torch.zeros(2, 3, 4)).nodes
    assert node.layer.to_caffe() == {"shape": {"dim": [0, 6, 2]}}


def test_reading_the_bits_as_another_type_is_refused():
    with pytest.raises(UnsupportedError, match="bytes"):
        trace(lambda x: x.view(torch.int32), torch.zeros(2, 3))
