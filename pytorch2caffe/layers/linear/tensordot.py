"""torch.tensordot."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to
from .matmul import matrix_product


@from_torch("torch.tensordot", "torch.functional.tensordot")
def tensordot(net: Builder, a: Operand, b: Operand, dims: int | Sequence[Sequence[int]] = 2) -> Value:
    """One matrix product, with the axes to sum over last in `a` and first in `b`.

    dims: the axes of a and of b to sum over, or their number: the last axes of a and the first of b.
    """
    if isinstance(dims, int):
        dims = range(len(a.shape) - dims, len(a.shape)), range(dims)
    summed_a, summed_b = ([int(d) % len(x.shape) for d in axes] for x, axes in zip((a, b), dims, strict=True))
    rows = [i for i in range(len(a.shape)) if i not in summed_a]
    columns = [i for i in range(len(b.shape)) if i not in summed_b]
    row_sizes, column_sizes = [a.shape[i] for i in rows], [b.shape[i] for i in columns]
    inner = prod(a.shape[i] for i in summed_a)
    left = reshape_to(net, permute_to(net, a, rows + summed_a), (prod(row_sizes), inner), "axes")
    right = reshape_to(net, permute_to(net, b, summed_b + columns), (inner, prod(column_sizes)), "axes")
    return reshape_to(net, matrix_product(net, left, right), row_sizes + column_sizes)
