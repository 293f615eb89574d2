import pytest
import torch

from pytorch2caffe import load_caffe, save_caffe, to_torch, trace
from pytorch2caffe.passes.expand_leftovers import expand_leftovers
from pytorch2caffe.passes.runner import transformed
from tests.layers.conftest import types_of

X = torch.randn(2, 6, 4, 5)
CASES = {
    "channels": lambda x: x.split([1, 3, 2], 1)[1],
    "rows": lambda x: x.split([1, 3], 2)[1],
    "columns": lambda x: x.split([4, 1], 3)[0],
    "two of three": lambda x: torch.cat(x.split([1, 3, 2], 1)[::2], 1),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_gives_the_same_without_leftovers(model, tmp_path):
    graph = transformed(trace(model, X), [expand_leftovers])
    read = {value for node in graph.nodes for value in node.inputs} | set(graph.outputs.values())
    assert all(value in read for node in graph.nodes for value in node.outputs)
    assert torch.equal(to_torch(graph)(X), model(X))
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    lowered = save_caffe(trace(model, X), *files, "rknn")
    assert not {"Slice", "Silence"} & {node.layer.type for node in lowered.nodes}
    assert torch.equal(to_torch(load_caffe(*files))(X), model(X))


def test_a_slice_without_leftovers_stays():
    assert "Slice" in types_of(lambda x: torch.cat(x.split([2, 4], 1)[::-1], 1), X, dialect="rknn")


@pytest.mark.parametrize(
    "model",
    [
        lambda x: x.split(1)[0],
        lambda x: x.flatten(2).split([1, 5], 1)[0],
        lambda x: x.flatten(2).split([7, 13], 2)[1],
        lambda x: x.unflatten(1, (2, 3)).split([1, 2], 2)[1],
    ],
    ids=["batch", "tokens", "numbers of a row", "five axes"],
)
def test_of_other_axes_through_a_reshape(model):
    graph = transformed(trace(model, X), [expand_leftovers])
    assert [node.layer.type for node in graph.nodes][-3:] == ["Reshape", "Convolution", "Reshape"]
    assert torch.equal(to_torch(graph)(X), model(X))


def test_opencv_lists_no_leftovers(tmp_path):
    cv2 = pytest.importorskip("cv2")
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    save_caffe(trace(lambda x: x.flatten(2)[:, 0] + x.flatten(2)[:, 3], X), *files, "opencv")
    assert len(cv2.dnn.readNetFromCaffe(*map(str, files)).getUnconnectedOutLayersNames()) == 1
