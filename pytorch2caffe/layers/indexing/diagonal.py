"""The diagonals of matrices."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to
from .strided_slice import select


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
