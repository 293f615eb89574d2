import pytest
import torch
from torch import nn

from pytorch2caffe import load_caffe, save_caffe, to_torch, trace
from pytorch2caffe.passes.drop_flattenings import drop_flattenings
from pytorch2caffe.passes.runner import transformed
from tests.layers.conftest import types_of


class Mean(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


MODELS = {
    "Flatten": lambda: nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(60, 3)),
    "a mean": lambda: nn.Sequential(Mean(), nn.Linear(3, 2)),
}
X = torch.randn(2, 3, 4, 5)


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_gives_the_same(make, tmp_path):
    model = make()
    graph = transformed(trace(model, X), [drop_flattenings])
    torch.testing.assert_close(to_torch(graph)(X), model(X))
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    lowered = save_caffe(trace(model, X), *files, "armnn")  # it has neither Flatten nor Reshape
    assert [node.layer.type for node in lowered.nodes][1:] == ["InnerProduct"]
    torch.testing.assert_close(to_torch(load_caffe(*files))(X), model(X))


def test_consumers_with_flatten_keep_it():
    assert types_of(MODELS["Flatten"](), X) == ["ReLU", "Flatten", "InnerProduct"]


def test_what_others_read_too_stays():
    def model(x, linear=nn.Linear(60, 60)):
        y = x.flatten(1)
        return linear(y) + y

    graph = transformed(trace(model, X), [drop_flattenings])
    assert "Flatten" in {node.layer.type for node in graph.nodes}
