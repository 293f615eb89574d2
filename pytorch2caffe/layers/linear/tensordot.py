"""torch.tensordot."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..reduction.reduce import reduce
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
    a, b = _of_one_size(net, a, summed_a, b, summed_b), _of_one_size(net, b, summed_b, a, summed_a)
    rows = [i for i in range(len(a.shape)) if i not in summed_a]
    columns = [i for i in range(len(b.shape)) if i not in summed_b]
    row_sizes, column_sizes = [a.shape[i] for i in rows], [b.shape[i] for i in columns]
    inner = prod(a.shape[i] for i in summed_a)
    left = reshape_to(net, permute_to(net, a, rows + summed_a), (prod(row_sizes), inner), "axes")
    right = reshape_to(net, permute_to(net, b, summed_b + columns), (inner, prod(column_sizes)), "axes")
    return reshape_to(net, matrix_product(net, left, right), row_sizes + column_sizes)


def _of_one_size(net: Builder, x: Operand, axes: Sequence[int], other: Operand, others: Sequence[int]) -> Operand:
    """`x` summed over those of `axes` that are of size 1 in the other factor, as PyTorch repeats that one."""
    summed = [axis for axis, at in zip(axes, others, strict=True) if other.shape[at] == 1 < x.shape[axis]]
    if not summed:
        return x
    return reduce(net, "sum", x, summed, True) if isinstance(x, Value) else x.sum(tuple(summed), keepdims=True)
