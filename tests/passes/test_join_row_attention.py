"""Attention as the layers of Caffe express it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from pytorch2caffe import trace
from pytorch2caffe.backends.caffe.dialect_file import dialect
from pytorch2caffe.backends.caffe.lower import lower
from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.passes.join_row_attention import join_row_attention
from pytorch2caffe.runtime.infer import infer
from tests.passes.graphs import applied, types


def lowered(mask: torch.Tensor | None = None, heads: int = 3) -> Graph:
    def model(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        q, k, v = (x.unflatten(2, (heads, -1)).transpose(1, 2) for x in (q, k, v))
        return F.scaled_dot_product_attention(q, k, v, mask).transpose(1, 2).flatten(2)

    graph = trace(model, (torch.randn(2, 4, 6), torch.randn(2, 5, 6), torch.randn(2, 5, 9)))
    return lower(graph, dialect("caffe"), infer)


@pytest.mark.parametrize("shape", [None, (4, 5), (3, 4, 5), (2, 3, 4, 5)])
def test_joined(shape: tuple[int, ...] | None) -> None:
    mask = None if shape is None else torch.randn(shape)
    after = applied(join_row_attention, lowered(mask), tolerance=1e-6)
    assert types(after).count("Attention") == 1
    assert not {"Softmax", "Convolution", "Deconvolution", "InnerProduct", "Eltwise"} & {*types(after)}


@pytest.mark.parametrize("name", ["scores", "weights", "queries", "keys", "values", "sum"])
def test_not_joined_with_other_weights(name: str) -> None:
    graph = lowered()
    for node in graph.nodes:
        if node.blobs and f".{name}" in node.name:
            changed = node.blobs[0].copy()
            changed.flat[-1] += np.float32(0.5)
            node.blobs = (changed, *node.blobs[1:])
    assert "Attention" not in types(applied(join_row_attention, graph))
