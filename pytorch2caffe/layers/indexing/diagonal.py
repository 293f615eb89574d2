"""Diagonals of matrices, and matrices from diagonals: diagonal, diag, diag_embed, diagflat, trace."""

from __future__ import annotations

from math import prod

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from ..reduction.sum import sum
from ..shape.pad import pad_with
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to
from .strided_slice import crop, select


@from_torch("torch.diagonal", "torch.Tensor.diagonal")
def diagonal(net: Builder, input: Value, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Value:
    """The elements [i, i + offset] of the axes dim1 and dim2, as the last axis: every (columns + 1)-th of a matrix."""
    rank = len(input.shape)
    row, column = dim1 % rank, dim2 % rank
    others = [axis for axis in range(rank) if axis not in (row, column)]
    rows, columns = input.shape[row], input.shape[column]
    matrix = permute_to(net, input, [*others, row, column])
    flat = reshape_to(net, matrix, (*matrix.shape[:-2], rows * columns), "flat")
    count = min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns)
    begin = max(offset, -offset * columns)
    end = begin + (count - 1) * (columns + 1) + 1
    whole = [(0, size, 1) for size in flat.shape[:-1]]
    return select(net, flat, [*whole, (begin, end, columns + 1 if count > 1 else 1)])


@from_torch("torch.linalg.diagonal")
def linalg_diagonal(net: Builder, matrix: Value, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Value:
    return diagonal(net, matrix, offset, dim1, dim2)


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


@from_torch("torch.diag", "torch.Tensor.diag")
def diag(net: Builder, input: Value, diagonal: int = 0) -> Value:
    return diag_embed(net, input, diagonal) if len(input.shape) == 1 else linalg_diagonal(net, input, offset=diagonal)


@from_torch("torch.diagflat", "torch.Tensor.diagflat")
def diagflat(net: Builder, input: Value, offset: int = 0) -> Value:
    return diag_embed(net, reshape_to(net, input, (prod(input.shape),), "row"), offset)


@from_torch("torch.trace", "torch.Tensor.trace")
def trace(net: Builder, input: Value) -> Value:
    return sum(net, diagonal(net, input))
