import pytest
import torch

from pytorch2caffe import UnsupportedError, save_caffe, to_torch, trace
from tests.layers.conftest import lacks

FIVE = lacks((2, 2, 3, 2, 7), -1, mnn="takes an InnerProduct of five axes for one of four")
SHAPES = [(2, 7), (2, 3, 7), (2, 2, 3, 2, 7)]


@pytest.mark.parametrize(
    ("shape", "axis"), [*((shape, axis) for shape in SHAPES for axis in (0, -1))][:-1] + [FIVE], ids=str
)
def test_every_rank(shape, axis, same_everywhere):
    same_everywhere(lambda x: x.cumsum(axis) + x.flip(axis), torch.randn(shape))


def test_a_matrix_that_is_too_large_is_refused(tmp_path):
    graph = trace(lambda x: x.cumsum(1), torch.zeros(1, 5000))
    with pytest.raises(UnsupportedError, match="a matrix of 25000000 numbers"):
        save_caffe(graph, tmp_path / "net.prototxt", tmp_path / "net.caffemodel")
    assert not list(tmp_path.iterdir())


def test_its_matrix_is_not_for_training():
    model = to_torch(trace(lambda x: x.cumsum(2), torch.randn(1, 3, 4, 5)))
    assert list(model.parameters()) == [] and len(list(model.buffers())) == 1
