"""What a consumer of the files sees as the network's outputs: those that the model returns, in their order."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import export, load_caffe, save_ncnn, trace
from pytorch2caffe.verify.runtimes import get
from tests.layers.conftest import outputs_of, relative_l2


class Pyramid(nn.Module):
    """Computes its last output first, as a feature pyramid does."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList(nn.Conv2d(4, 4, 3, 2, 1) for _ in range(3))
        self.head = nn.ModuleList(nn.Conv2d(4, 2, 1) for _ in range(3))

    def forward(self, x):
        levels = [x := down(x) for down in self.down]
        p5 = self.head[2](levels[2])
        p3 = self.head[0](levels[0])
        return {"P3": p3, "P4": self.head[1](levels[1]), "P5": p5}


def twice(x):
    y = x * 0.5 + 1
    return y, y


def also_read(x):
    y = x * 0.5
    return y.relu(), y, torch.tanh(y)


def input_returned(x):
    return x.relu(), x


def pieces_in_another_order(x):
    a, b = x.chunk(2, 1)
    return b, a.tanh(), a


MODELS = {
    "pyramid": (Pyramid(), 3),
    "twice": (twice, 2),
    "also read": (also_read, 3),
    "the input": (input_returned, 2),
    "pieces": (pieces_in_another_order, 3),
}


@pytest.fixture(params=MODELS.values(), ids=MODELS)
def exported(request, tmp_path):
    model, count = request.param
    x = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = outputs_of(model(x.clone()))
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"

    def write(dialect: str):
        graph = export(model, x, *files, dialect=dialect)
        assert len(graph.outputs) == count
        return graph, files, x.numpy(), expected

    return write


def test_real_caffe_lists_each_output(exported, real_caffe):
    graph, files, x, expected = exported("caffe")
    found = real_caffe.worker.run(files[0].read_text(), files[1].read_bytes(), {"data": x}, only_outputs=True)
    tops = {top: array for (_, top), array in found.items()}
    names = [value.name for value in graph.outputs.values()]
    assert list(tops) == names  # in the order of the layers
    for name, array in zip(names, expected, strict=True):
        assert relative_l2(tops[name], array) < 1e-5
    assert [value.name for value in load_caffe(*files).outputs.values()] == names


def test_opencv_lists_them_in_order(exported):
    cv2 = pytest.importorskip("cv2")
    if reason := get("opencv").unavailable():
        pytest.skip(reason)
    _, files, x, expected = exported("opencv")
    net = cv2.dnn.readNetFromCaffe(*map(str, files))
    net.setInput(x)
    found = net.forward(net.getUnconnectedOutLayersNames())
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert relative_l2(np.asarray(one), other) < 1e-5


def test_ncnn_lists_them_in_order(exported, tmp_path):
    ncnn = pytest.importorskip("ncnn")
    _, files, _, _ = exported("caffe")
    written = save_ncnn(load_caffe(*files), tmp_path / "net")
    net = ncnn.Net()
    net.load_param(str(tmp_path / "net.param"))
    assert list(net.output_names()) == list(written.outputs.values())


def test_the_names_of_a_dict_are_those_of_the_blobs():
    assert list(trace(Pyramid(), torch.zeros(1, 4, 16, 16)).outputs) == ["P3", "P4", "P5"]
