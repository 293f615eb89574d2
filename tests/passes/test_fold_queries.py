"""Queries of attention that are constants."""

from __future__ import annotations

import numpy as np
import pytest

from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.layers.linear.attention import Attention
from pytorch2caffe.layers.shape.reshape import Reshape
from pytorch2caffe.passes.fold_queries import fold_queries
from tests.passes.graphs import Net, applied, types


def attention(query: np.ndarray, mask: bool = False) -> Graph:
    net = Net(2, 5, 12)
    q = net.add(Reshape((2, -1, 12)), net.constant(query))
    y = net.add(Attention(4, 0.3), q, net.x, net.x, blobs=[net.random(1, 4, 1, 5)] if mask else [])
    return net.done(y)


def test_folded() -> None:
    query = np.random.default_rng(0).standard_normal((1, 4, 1, 3)).astype(np.float32).repeat(2, 0)
    assert types(applied(fold_queries, attention(query), tolerance=1e-6)) == ["AttentionPooling"]


KEPT = {
    "one that differs between samples": attention(np.arange(24.0).reshape(2, 1, 12)),
    "several": attention(np.ones((2, 3, 12))),
    "with a mask": attention(np.ones((2, 1, 12)), mask=True),
}


@pytest.mark.parametrize("graph", KEPT.values(), ids=KEPT)
def test_not_folded(graph: Graph) -> None:
    assert types(applied(fold_queries, graph)) == types(graph)


def test_not_a_query_that_is_computed() -> None:
    net = Net(2, 1, 12)
    assert types(applied(fold_queries, net.done(net.add(Attention(4), net.x, net.x, net.x)))) == ["Attention"]
