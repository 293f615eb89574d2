"""LayerNorm, linear layers and activations on channels that are last for them alone."""

import pytest
import torch
from torch import nn

from pytorch2caffe import to_torch, trace
from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.passes.drop_channels_last import drop_channels_last


class Block(nn.Module):
    """ConvNeXt's: the channels are normalized and mixed in the order N, H, W, C."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.wide, self.narrow = nn.LayerNorm(4), nn.Linear(4, 6), nn.Linear(6, 4, bias=False)

    def inner(self, x: torch.Tensor) -> torch.Tensor:
        y = self.norm(x.permute(0, 2, 3, 1))
        return self.narrow(nn.functional.gelu(self.wide(y))) * y

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.inner(x).permute(0, 3, 1, 2)


def dropped(model: torch.nn.Module, x: torch.Tensor) -> Graph:
    graph = trace(model.eval(), x)
    drop_channels_last(graph)
    graph.validate()
    torch.testing.assert_close(to_torch(graph)(x), model(x))
    return graph


def types(graph: Graph) -> list[str]:
    return [node.layer.type for node in graph.nodes]


def test_a_block_needs_no_permute():
    graph = dropped(Block(), torch.randn(2, 4, 5, 3))
    assert types(graph) == ["ChannelNorm", "Scale", "Convolution", "GELU", "Convolution", "Eltwise", "Eltwise"]


class ReadLast(Block):
    def forward(self, x):
        y = self.inner(x)
        return y.permute(0, 3, 1, 2) + x, y.mean(1)


class LastOut(Block):
    def forward(self, x):
        return self.inner(x)


@pytest.mark.parametrize("model", [ReadLast, LastOut])
def test_what_is_read_with_the_channels_last_stays(model):
    graph = trace(model().eval(), torch.randn(1, 4, 5, 3))
    before = types(graph)
    drop_channels_last(graph)
    assert types(graph) == before


def test_two_permutes_back():
    class Twice(Block):
        def forward(self, x):
            y = self.inner(x)
            return y.permute(0, 3, 1, 2), y.permute(0, 3, 1, 2) + x

    graph = trace(Twice().eval(), x := torch.randn(1, 4, 5, 3))
    expected = to_torch(graph)(x)
    drop_channels_last(graph)
    graph.validate()
    assert "Permute" not in types(graph) and len(graph.outputs) == 2
    torch.testing.assert_close(to_torch(graph)(x), expected)


def test_a_matrix_that_two_layers_share_stays_shared():
    class Shared(Block):
        def forward(self, x):
            y = x.permute(0, 2, 3, 1)
            return self.wide(self.narrow(self.wide(y)).relu()).permute(0, 3, 1, 2)

    graph = dropped(Shared(), torch.randn(1, 4, 5, 3))
    first, _, last = (node for node in graph.nodes if node.layer.type == "Convolution")
    assert first.blobs[0] is last.blobs[0]
