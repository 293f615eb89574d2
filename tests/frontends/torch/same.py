"""Traces a model on one input and asserts that the graph computes the same on another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from pytorch2caffe import to_torch
from pytorch2caffe.frontends.torch import trace
from pytorch2caffe.frontends.torch.structure import mapped, named_leaves
from pytorch2caffe.graph.graph import Graph


class Net(nn.Module):
    """A module whose forward is a function of it and its inputs."""

    def __init__(self, function: Callable[..., Any], **parts: Any) -> None:
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(self, *args, **kwargs)


def conv() -> nn.Module:
    return nn.Conv2d(4, 4, 3, padding=1)


def image() -> torch.Tensor:
    return torch.randn(1, 4, 6, 6)


def tensors(result: Any) -> list[torch.Tensor]:
    return [leaf for _, leaf in named_leaves(result) if isinstance(leaf, torch.Tensor)]


def same(model: Any, inputs: Any, tolerance: float = 1e-4) -> Graph:
    """The graph of `model`, proven on a second random input."""
    torch.manual_seed(1)
    graph = trace(model, inputs)
    given = inputs if isinstance(inputs, (tuple, dict)) else (inputs,)
    other = mapped(lambda _, leaf: _another(leaf), "", given)
    if isinstance(model, nn.Module):
        model.eval()
    fed = [tensor.float().clone() for tensor in tensors(dict(other) if isinstance(other, dict) else tuple(other))]
    with torch.no_grad():
        expected = tensors(model(**other) if isinstance(other, dict) else model(*other))
        found = to_torch(graph)(*fed)
    found = list(found) if isinstance(found, tuple) else [found]
    assert len(found) == len(expected)
    for one, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(one, wanted.float(), rtol=tolerance, atol=tolerance)
    return graph


def _another(leaf: Any) -> Any:
    if not isinstance(leaf, torch.Tensor):
        return leaf
    return torch.randn_like(leaf) if leaf.is_floating_point() else leaf.flip(-1)
