"""Layers that compute the same numbers for every input."""

from __future__ import annotations

import torch
from torch import nn

from pytorch2caffe import trace
from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.layers.basic.parameter import Constant
from pytorch2caffe.layers.elementwise.eltwise import Eltwise
from pytorch2caffe.layers.elementwise.power import Power
from pytorch2caffe.layers.linear.inner_product import InnerProduct
from pytorch2caffe.layers.shape.slice import Slice
from pytorch2caffe.layers.shape.tile import Tile
from pytorch2caffe.passes.fold_constants import fold_constants
from pytorch2caffe.runtime.run import compute
from tests.passes.graphs import Net, applied, types


def folded(graph: Graph) -> Graph:
    return applied(lambda graph: fold_constants(graph, compute), graph)


def constant(net: Net):
    return net.add(Constant((1, 4)), blobs=[net.random(1, 4)])


def test_chains_become_one_constant() -> None:
    net = Net(1, 3)
    y = net.add(InnerProduct(3), net.add(Power(shift=1.0), constant(net)), blobs=[net.random(3, 4), net.random(3)])
    y = net.add(Power(scale=2.0), y, name="twice")
    graph = folded(net.done(net.add(Eltwise(), y, net.x)))
    assert types(graph) == ["Constant", "Eltwise"]
    assert graph.nodes[0].outputs[0].name == "twice"


def test_what_stays() -> None:
    net = Net(1, 400)
    wide = net.add(Tile(1, 100), constant(net))
    assert types(folded(net.done(net.add(Eltwise(), wide, net.x)))) == ["Constant", "Tile", "Eltwise"]
    net = Net(1, 4)
    assert types(folded(net.done(net.add(Power(), constant(net)), net.add(Power(), net.x)))) == [
        "Constant",
        "Power",
        "Power",
    ]
    net = Net(1, 2)
    cut = net.add(Slice(1, (2,)), constant(net))
    assert types(folded(net.done(net.add(Eltwise(), *cut, net.x)))) == ["Constant", "Slice", "Eltwise"]


class Decoder(nn.Module):
    """Two steps; the tokens are written into one tensor, of which the first is read again."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(6, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        tokens = torch.full((1, 3), 5)
        for step in range(2):
            first = self.embed(tokens[:, :1]) * 2
            x = x + first.sum(1)
            tokens[:, step + 1] = x.argmax(1)
        return x


def test_the_first_token_of_a_decoder() -> None:
    graph = trace(Decoder().eval(), torch.randn(1, 4))
    assert "Embed" not in types(graph)
