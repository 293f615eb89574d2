"""Programs saved by torch.export, and torch.fx graphs, keep the names and lines of the model they came from."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, to_torch
from pytorch2caffe.frontends.torch import trace
from pytorch2caffe.frontends.torch.loading.models import load_model
from tests.frontends.torch.same import image, same

pytestmark = pytest.mark.slow  # torch.export


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
    graph = trace(model, image())
    x = image()
    with torch.no_grad():
        torch.testing.assert_close(to_torch(graph)(x), model(x), rtol=1e-4, atol=1e-5)
    return graph


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(6, 2, 8, batch_first=True)
        self.words = nn.Embedding(6, 6)

    def forward(self, x):
        return self.layer(x.flatten(1, 2) + self.words(torch.arange(24) % 6)).log_softmax(-1)


CORE_ATEN = {
    "a network": Small,
    "attention": Attention,
    "normalization": lambda: nn.Sequential(nn.GroupNorm(2, 4), nn.InstanceNorm2d(4), nn.LayerNorm(6)),
    "activations": lambda: nn.Sequential(nn.GELU(), nn.Hardswish(), nn.SiLU(), nn.ELU(), nn.PReLU(), nn.LeakyReLU()),
    "sizes": lambda: nn.Sequential(nn.AvgPool2d(2), nn.Upsample(scale_factor=2, mode="bilinear"), nn.PixelShuffle(2)),
    "transposed": lambda: nn.Sequential(nn.ConvTranspose2d(4, 4, 2, 2), nn.AdaptiveMaxPool2d(2)),
    "pooling": lambda: nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(1)),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make", CORE_ATEN.values(), ids=CORE_ATEN)
def test_a_program_of_core_aten_operators(make):
    torch.manual_seed(0)
    program = torch.export.export(make().eval(), (image(),)).run_decompositions()
    graph, x = trace(program, image()), image()
    torch.testing.assert_close(to_torch(graph)(x), program.module()(x), rtol=1e-4, atol=1e-5)


def test_memory_read_in_another_order_is_refused():
    class Strided(nn.Module):
        def forward(self, x):
            return torch.as_strided(x.relu(), (6, 6), (1, 6)) + 1

    program = torch.export.export(Strided(), (image(),)).run_decompositions()
    with pytest.raises(UnsupportedError, match="as_strided reads by positions in memory"):
        trace(program, image())
