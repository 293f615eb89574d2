"""torch.diagflat: the matrix with all elements on its diagonal."""

from __future__ import annotations

from math import prod

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from ..shape.reshape import reshape_to
from .diag_embed import diag_embed


@from_torch("torch.diagflat", "torch.Tensor.diagflat")
def diagflat(net: Builder, input: Value, offset: int = 0) -> Value:
    return diag_embed(net, reshape_to(net, input, (prod(input.shape),), "row"), offset)
