"""Programs saved by torch.export, and torch.fx graphs, keep the names and lines of the model they came from."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe.frontends.torch.loading.models import load_model
from tests.frontends.torch.same import image, same


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.act = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(True)

    def forward(self, x):
        return self.act(self.norm(self.conv(x))) + x


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.fc = nn.Sequential(Block(), Block()), nn.Linear(4, 3)

    def forward(self, x):
        x = F.adaptive_avg_pool2d(F.max_pool2d(self.layer(x), 2), 1).flatten(1)
        return self.fc(x).softmax(1)


NAMES = ["layer.0.conv", "layer.0.norm", "layer.0.norm.scale", "layer.0.act", "layer.0.add"]


@pytest.mark.filterwarnings("ignore")
def test_an_exported_program(tmp_path):
    torch.export.save(torch.export.export(Small().eval(), (image(),)), tmp_path / "small.pt2")
    graph = same_exported(load_model(str(tmp_path / "small.pt2")))
    assert [node.name for node in graph.nodes][:5] == NAMES
    assert graph.nodes[4].where.startswith("layer.0 (test_exported_programs.py:")
    assert graph.outputs.keys() == {"softmax"}


def test_a_graph_of_torch_fx():
    graph = same(torch.fx.symbolic_trace(Small().eval()), image())
    assert [node.name for node in graph.nodes][:5] == NAMES


def same_exported(model):
    from pytorch2caffe import to_torch
    from pytorch2caffe.frontends.torch import trace

    graph = trace(model, image())
    x = image()
    with torch.no_grad():
        torch.testing.assert_close(to_torch(graph)(x), model(x), rtol=1e-4, atol=1e-5)
    return graph
