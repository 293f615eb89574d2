"""Attention with its linear layers."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from pytorch2caffe import trace
from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.passes.join_attention import join_attention
from pytorch2caffe.passes.join_projections import join_projections
from pytorch2caffe.passes.merge_views import merge_views
from pytorch2caffe.passes.runner import transformed
from tests.lively import make_lively
from tests.passes.graphs import applied, types

X, Y = torch.randn(1, 5, 8), torch.randn(1, 7, 6)


def attention(model: nn.MultiheadAttention, *inputs: Tensor) -> Graph:
    def call(x: Tensor, y: Tensor | None = None) -> Tensor:
        other = x if y is None else y
        return model(x, other, other, need_weights=False)[0]

    make_lively(model, inputs[0], inputs[-1], inputs[-1])
    return transformed(trace(call, inputs), [join_attention, merge_views])


@pytest.mark.parametrize("bias", [True, False])
def test_of_one_input(bias: bool) -> None:
    graph = attention(nn.MultiheadAttention(8, 2, bias=bias, batch_first=True), X)
    after = applied(join_projections, graph, tolerance=1e-6)
    assert {*types(after)} <= {"MultiHeadAttention", "Reshape"}
    assert types(after).count("MultiHeadAttention") == 1


def test_of_two_inputs() -> None:
    graph = attention(nn.MultiheadAttention(8, 4, kdim=6, vdim=6, batch_first=True), X, Y)
    after = applied(join_projections, graph, tolerance=1e-6)
    (node,) = [node for node in after.nodes if type(node.layer).__name__ == "MultiHeadAttention"]
    assert [value.shape[-1] for value in node.inputs] == [8, 6, 6]


def test_not_joined() -> None:
    model = nn.MultiheadAttention(8, 2, batch_first=True)
    several = attention(model, torch.randn(2, 5, 8))
    assert "MultiHeadAttention" not in types(applied(join_projections, several, tolerance=1e-6))
    graph = attention(model, X)
    linear = next(node.name for node in graph.nodes if type(node.layer).__name__ == "InnerProduct")
    kept = transformed(graph, [lambda graph: join_projections(graph, keep={linear})])
    assert "MultiHeadAttention" not in types(kept)
