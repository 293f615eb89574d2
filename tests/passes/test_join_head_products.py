"""Products of heads that are moved before and after."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from pytorch2caffe import trace
from pytorch2caffe.passes.join_head_products import join_head_products
from pytorch2caffe.passes.merge_views import merge_views
from tests.passes.graphs import applied, types

TOKENS = 2, 5, 3, 4


def by_einsum(x: Tensor) -> Tensor:
    kv = torch.einsum("nshd,nshv->nhdv", x, x[..., :3])
    return torch.einsum("nlhd,nhdv->nlhv", x + 1, kv)


def by_transposing(x: Tensor) -> Tensor:
    q, k, v = (part.transpose(1, 2) for part in (x + 1, x, x[..., :3]))
    return (q @ (k.mT @ v)).transpose(1, 2)


def denominator(x: Tensor) -> Tensor:
    return torch.einsum("nlhd,nhd->nlh", x, x.sum(1))


CASES: dict[str, tuple[Callable[[Tensor], Tensor], list[str]]] = {
    "by einsum": (by_einsum, ["HeadProducts", "HeadSums"]),
    "by transposing": (by_transposing, ["HeadProducts", "HeadSums"]),
    "a vector for each head": (denominator, ["HeadProducts"]),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_joined(case: tuple[Callable[[Tensor], Tensor], list[str]]) -> None:
    model, wanted = case
    after = applied(join_head_products, trace(model, torch.randn(TOKENS)), tolerance=1e-6)
    assert sorted(name for name in types(after) if name.startswith("Head")) == wanted
    assert "MatMul" not in types(after)
    if model is not denominator:
        assert "Permute" not in types(applied(merge_views, after))


KEPT: dict[str, Callable[[Tensor], Tensor]] = {
    "scores, wider than the query": lambda x: torch.einsum("nlhd,nshd->nhls", x, x),
    "not of tokens in rows": lambda x: x @ x.mT,
    "three axes": lambda x: x[0].transpose(0, 1) @ x[0].permute(1, 2, 0),
    "tokens in another order": lambda x: x.permute(0, 3, 2, 1) @ x.permute(0, 3, 1, 2),
}


@pytest.mark.parametrize("model", KEPT.values(), ids=KEPT)
def test_not_joined(model: Callable[[Tensor], Tensor]) -> None:
    graph = trace(model, torch.randn(TOKENS))
    assert types(applied(join_head_products, graph)) == types(graph)
