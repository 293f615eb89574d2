import pytest
import torch

from pytorch2caffe import load_caffe, save_caffe, to_torch, trace
from pytorch2caffe.passes.join_shuffles import join_shuffles
from pytorch2caffe.passes.runner import transformed
from tests.layers.conftest import types_of


def shuffle(x):
    return x.view(1, 3, 2, 4, 5).transpose(1, 2).reshape(1, 6, 4, 5)


X = torch.randn(1, 6, 4, 5)


def test_a_view_there_and_back_is_one_layer(tmp_path):
    graph = transformed(trace(shuffle, X), [join_shuffles])
    assert [(node.layer.type, node.layer.group) for node in graph.nodes] == [("ShuffleChannel", 3)]
    assert torch.equal(to_torch(graph)(X), shuffle(X))
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    save_caffe(trace(shuffle, X), *files, "opencv")
    assert torch.equal(to_torch(load_caffe(*files))(X), shuffle(X))


def test_four_axes_suffice_where_the_consumer_has_no_such_layer():
    assert types_of(shuffle, X) == ["Slice", "Concat", "Reshape"]


@pytest.mark.parametrize(
    "model",
    [
        lambda x: x.view(1, 3, 2, 4, 5).transpose(1, 3).reshape(1, 6, 4, 5),  # another transposition
        lambda x: x.view(1, 3, 2, 4, 5).transpose(1, 2).reshape(1, 6, 5, 4),  # another shape
        lambda x: (y := x.view(1, 3, 2, 4, 5)).transpose(1, 2).reshape(1, 6, 4, 5) + y.sum(),  # read twice
    ],
)
def test_what_is_not_a_shuffle_stays(model):
    graph = transformed(trace(model, X), [join_shuffles])
    assert "ShuffleChannel" not in {node.layer.type for node in graph.nodes}
    torch.testing.assert_close(to_torch(graph)(X), model(X))
