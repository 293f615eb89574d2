"""Attention: its products, scale, mask and softmax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytorch2caffe import trace
from pytorch2caffe.passes.join_attention import join_attention
from pytorch2caffe.passes.merge_views import merge_views
from tests.lively import make_lively
from tests.passes.graphs import applied, types


def heads(x: Tensor, count: int = 2) -> Tensor:
    return x.unflatten(-1, (count, -1)).transpose(1, 2)


def formula(x: Tensor) -> Tensor:
    q, k, v = (heads(part) for part in x.chunk(3, -1))
    scores = q @ k.transpose(-2, -1) * 0.5 + torch.arange(50.0).reshape(2, 5, 5)
    return (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)


def windows(x: Tensor) -> Tensor:
    """A mask for each of two windows, as shifted ones have."""
    q, k, v = (heads(part.reshape(2, 5, 4)) for part in x.chunk(3, -1))
    scores = (q / 2) @ k.mT
    scores = (scores.view(1, 2, 2, 5, 5) + torch.arange(50.0).reshape(1, 2, 1, 5, 5)).view(2, 2, 5, 5)
    return scores.softmax(-1) @ v


CASES: dict[str, tuple[Callable[..., Any], tuple[int, ...]]] = {
    "a formula with a bias": (formula, (2, 5, 24)),
    "windows": (windows, (2, 5, 12)),
    "the function": (lambda x: F.scaled_dot_product_attention(x, 2 * x, x + 1), (2, 3, 5, 4)),
    "the function, causal": (lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True), (2, 3, 5, 4)),
    "without heads": (lambda x: (x @ x.mT).softmax(-1) @ x, (2, 5, 4)),
    "other tokens": (lambda x: F.scaled_dot_product_attention(x[:, :, :2], x, x[..., :3]), (2, 3, 5, 4)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_joined(case: Any) -> None:
    model, shape = case
    after = applied(join_attention, trace(model, torch.randn(shape)), tolerance=1e-6)
    assert types(after).count("Attention") == 1
    assert not {"MatMul", "Softmax"} & {*types(after)}


def test_the_permutes_of_heads_are_dropped() -> None:
    model = make_lively(nn.MultiheadAttention(8, 2, batch_first=True), *[torch.randn(1, 5, 8)] * 3)
    graph = trace(lambda x: model(x, x, x, need_weights=False)[0], torch.randn(1, 5, 8))
    after = applied(merge_views, applied(join_attention, graph, tolerance=1e-6), tolerance=1e-6)
    assert "Attention" in types(after)
    assert types(after).count("Slice") == 1
    assert "Permute" not in types(after)


@pytest.mark.parametrize(
    "model",
    [
        lambda x: [(p := (x @ x.mT).softmax(-1)) @ x, p],
        lambda x: (x @ x.mT).softmax(1) @ x,
        lambda x: (x @ x.mT + x[..., :1]).softmax(-1) @ x,
        lambda x: x.softmax(-1) @ x.mT,
    ],
    ids=["the weights are an output", "another axis", "a traced mask", "no product"],
)
def test_not_joined(model: Any) -> None:
    graph = trace(model, torch.randn(2, 5, 4))
    assert types(applied(join_attention, graph)) == types(graph)


def test_a_mask_that_differs_by_sample_is_kept() -> None:
    mask = torch.arange(2.0)[:, None, None, None] * torch.ones(2, 1, 5, 5)
    graph = trace(lambda x: F.scaled_dot_product_attention(x, x, x, mask), torch.randn(2, 3, 5, 4))
    (blob,) = (
        node.blobs[0] for node in applied(join_attention, graph, 1e-6).nodes if type(node.layer).__name__ == "Attention"
    )
    assert blob.shape == (2, 3, 5, 5)
    assert np.ptp(blob) == 1
