"""torch.diag_embed: matrices from their diagonals."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from ..shape.pad import pad_with
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to
from .cut import crop


@from_torch("torch.diag_embed", "torch.Tensor.diag_embed")
def diag_embed(net: Builder, input: Value, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Value:
    """Matrices with the last axis on a diagonal: each number is followed by as many zeros as it has neighbours.

    before: x [..., n] -> y [..., n, n]
    after:  x -> Pad [..., n, n + 1] -> Reshape [..., n * (n + 1)] -> Slice [..., n * n] -> Reshape -> y
    """
    *before, n = input.shape
    column = reshape_to(net, input, (*before, n, 1), "column")
    padded = pad_with(net, column, {len(before) + 1: (0, n)}, 0.0)
    flat = reshape_to(net, padded, (*before, n * (n + 1)), "flat")
    square = reshape_to(net, crop(net, flat, {len(before): (0, n * n)}), (*before, n, n), "square")
    below, right = max(-offset, 0), max(offset, 0)
    y = pad_with(net, square, {len(before): (below, right), len(before) + 1: (right, below)}, 0.0)
    rank = len(before) + 2
    source = {dim1 % rank: rank - 2, dim2 % rank: rank - 1}
    rest = iter(range(rank - 2))
    return permute_to(net, y, [source[axis] if axis in source else next(rest) for axis in range(rank)])
