"""Normalisation with its weight and bias in one layer."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pytorch2caffe import trace
from pytorch2caffe.passes.join_affine_norms import join_affine_norms
from pytorch2caffe.passes.runner import transformed
from tests.lively import make_lively
from tests.passes.graphs import applied, types

X = torch.zeros(1, 4, 6, 6)
JOINED = {
    "layer": nn.LayerNorm((6, 6)),
    "layer, one axis": nn.LayerNorm(6),
    "group": nn.GroupNorm(2, 4),
    "instance": nn.InstanceNorm2d(4, affine=True),
    "rms": nn.RMSNorm(6),
}


class ScaledTwice(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.other = nn.LayerNorm((4, 6, 6), elementwise_affine=False), nn.Parameter(torch.rand(6))

    def forward(self, x):
        return self.norm(x) * self.other  # over one of the axes that were normalised


@pytest.mark.parametrize("norm", JOINED.values(), ids=JOINED)
def test_joined(norm) -> None:
    graph = trace(make_lively(norm, X), X)
    kind, scale = types(graph)
    assert scale == "Scale"
    after = applied(join_affine_norms, graph, 1e-6)
    (node,) = after.nodes
    assert (type(node.layer).__name__, type(node.layer.norm).__name__) == ("AffineNorm", kind)
    assert node.name == graph.nodes[0].name
    assert node.blobs == graph.nodes[1].blobs
    assert len(graph.nodes) == 2


def test_a_scale_over_other_axes_stays() -> None:
    graph = trace(make_lively(ScaledTwice(), X), X)
    assert types(transformed(graph, [join_affine_norms])) == types(graph) == ["LayerNorm", "Scale"]


def test_a_norm_that_another_node_reads_too_stays() -> None:
    norm = make_lively(nn.LayerNorm(6, elementwise_affine=False), X)
    scale = nn.Parameter(torch.rand(6))

    def model(x):
        y = norm(x)
        return y * scale + y

    assert "AffineNorm" not in types(transformed(trace(model, X), [join_affine_norms]))
