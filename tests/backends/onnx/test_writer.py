"""Any graph as an ONNX file: valid, equal in onnxruntime, with the names of the graph."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import ConversionError, load_caffe, load_onnx, save_caffe
from pytorch2caffe.backends.onnx.writer import model_of
from pytorch2caffe.convert import onnx_file
from pytorch2caffe.convert.onnx_file import save_checked_onnx
from pytorch2caffe.frontends.torch import trace
from pytorch2caffe.runtime.run import relative_l2, run
from tests.lively import make_lively

pytestmark = pytest.mark.slow  # onnxruntime, torch.onnx


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU6())
        self.down, self.norm = nn.MaxPool2d(3, 2, 1), nn.LayerNorm(8)
        self.up, self.fc = nn.ConvTranspose2d(8, 8, 2, 2), nn.Linear(8, 5)

    def forward(self, x):
        y = self.stem(x)
        small = self.down(y)
        y = y + self.up(small)[:, :, :9, :9]
        rows = self.norm(F.gelu(small).flatten(2).transpose(1, 2))
        left, right = rows.mean(1).split(4, 1)
        return self.fc(torch.cat([right, left], 1)).softmax(1), F.interpolate(y, scale_factor=2)


@pytest.fixture(scope="module")
def graph():
    torch.manual_seed(0)
    x = torch.randn(1, 3, 9, 9)
    model = make_lively(Network(), x)
    nn.init.uniform_(model.norm.weight, 0.5, 2)
    return trace(model, x)


def test_a_network_is_equal_in_onnxruntime_and_read_back(graph, tmp_path):
    assert save_checked_onnx(graph, tmp_path / "net.onnx")
    again = load_onnx(tmp_path / "net.onnx")
    x = np.random.default_rng(0).standard_normal((1, 3, 9, 9)).astype(np.float32)
    first, second = (run(each, {each.inputs[0].name: x}) for each in (graph, again))
    expected = {name: first[next(k for k in first if k[1] == v.name)] for name, v in graph.outputs.items()}
    for name, value in again.outputs.items():
        assert relative_l2(next(a for (_, top), a in second.items() if top == value.name), expected[name]) < 1e-5


def test_names_are_those_of_the_graph(graph):
    model = model_of(graph)
    assert [value.name for value in model.graph.input] == ["data"]
    assert [value.name for value in model.graph.output] == list(graph.outputs)
    nodes = {node.name: node for node in model.graph.node}
    assert nodes["stem.1"].op_type == "Conv", "torch.onnx folds BatchNorm into the convolution before it"
    assert nodes["down"].op_type == "MaxPool"
    assert "stem.0.weight" in {weight.name for weight in model.graph.initializer}
    assert nodes["down"].output[0] == "down"
    text = str(model)
    assert ".py" not in text and "stack_trace" not in text


def test_a_caffe_file_becomes_an_onnx_file(graph, tmp_path):
    save_caffe(graph, tmp_path / "a.prototxt", tmp_path / "a.caffemodel")
    caffe = load_caffe(tmp_path / "a.prototxt", tmp_path / "a.caffemodel")
    assert save_checked_onnx(caffe, tmp_path / "a.onnx")
    onnx.checker.check_model(onnx.load(tmp_path / "a.onnx"), full_check=True)


def test_a_file_that_differs_is_not_written(graph, tmp_path, monkeypatch):
    real = onnx_file.run_onnx
    wrong = lambda *args: {name: array * 1.01 for name, array in real(*args).items()}  # noqa: E731
    monkeypatch.setattr(onnx_file, "run_onnx", wrong)
    with pytest.raises(
        ConversionError, match="onnxruntime gives other numbers for the ONNX file: output .* differs by 1.0e-02"
    ):
        save_checked_onnx(graph, tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())
