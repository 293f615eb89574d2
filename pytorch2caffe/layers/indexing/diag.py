"""torch.diag: the diagonal of a matrix, or the matrix with a diagonal."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from .diag_embed import diag_embed
from .diagonal import linalg_diagonal


@from_torch("torch.diag", "torch.Tensor.diag")
def diag(net: Builder, input: Value, diagonal: int = 0) -> Value:
    return diag_embed(net, input, diagonal) if len(input.shape) == 1 else linalg_diagonal(net, input, offset=diagonal)
