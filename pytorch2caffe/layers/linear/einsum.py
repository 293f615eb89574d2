"""torch.einsum as diagonals, reductions, permutations and products of two tensors, from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from string import ascii_letters

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.onnx_rules import from_onnx
from ...graph.registry import from_torch, unpacked
from ..indexing.diagonal import diagonal
from ..reduction.reduce import reduce
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to
from .linear_map import linear_map
from .matmul import matrix_product

Part = tuple[Operand, str]  # a tensor, and the subscripts of its axes


@from_torch("torch.einsum", "torch.functional.einsum")
def einsum(net: Builder, equation: str, *operands: Operand | Sequence[Operand]) -> Value:
    """A constant in a product with a traced tensor becomes a matrix along one axis of it where it can."""
    parts, out = _parts(net, equation, unpacked(operands))
    y, have = _summed(net, parts[0], "".join(term for _, term in parts[1:]) + out)
    for number, part in enumerate(parts[1:], 2):
        wanted = "".join(term for _, term in parts[number:]) + out
        y, have = _product(net, (y, have), _summed(net, part, have + wanted), wanted)
    return _ordered(net, y if isinstance(y, Value) else net.constant(y), have, out)


def _parts(net: Builder, equation: str, operands: Sequence[Operand]) -> tuple[list[Part], str]:
    """The operands with their subscripts, each once and without an ellipsis; the subscripts of the result."""
    left, arrow, out = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    ranks = [len(x.shape) - len(term.replace("...", "")) for x, term in zip(operands, terms, strict=True)]
    rank = max((count for count, term in zip(ranks, terms, strict=True) if "..." in term), default=0)
    names = "".join(c for c in ascii_letters if c not in equation)[:rank]
    if not arrow:
        out = ("..." if "..." in left else "") + "".join(sorted(c for c in set(left) - {*",."} if left.count(c) == 1))
    terms = [term.replace("...", names[rank - count :]) for term, count in zip(terms, ranks, strict=True)]
    parts = [
        _diagonal(net, x if isinstance(x, Value) else np.asarray(x), t) for x, t in zip(operands, terms, strict=True)
    ]
    sizes: dict[str, set[int]] = {}
    for x, term in parts:
        for subscript, size in zip(term, x.shape, strict=True):
            sizes.setdefault(subscript, set()).add(size)
    if any(len(found) > 1 for found in sizes.values()):
        raise Refused(f"einsum {equation!r} repeats axes of size 1", "repeat them before: x.expand(...)")
    return parts, out.replace("...", names)


def _diagonal(net: Builder, x: Operand, term: str) -> Part:
    """Axes with the same subscript are one axis: their diagonal."""
    for subscript in set(term):
        while term.count(subscript) > 1:
            first, second = term.index(subscript), term.rindex(subscript)
            x = diagonal(net, x, 0, first, second) if isinstance(x, Value) else np.diagonal(x, 0, first, second)
            term = "".join(c for i, c in enumerate(term) if i not in (first, second)) + subscript
    return x, term


def _summed(net: Builder, part: Part, wanted: str) -> Part:
    """Summed over the axes that are not in `wanted`."""
    x, term = part
    axes = [i for i, c in enumerate(term) if c not in wanted]
    if not axes:
        return part
    y = reduce(net, "sum", x, axes, False) if isinstance(x, Value) else x.sum(tuple(axes))
    return y, "".join(c for c in term if c in wanted)


def _product(net: Builder, left: Part, right: Part, wanted: str) -> Part:
    """The product of two, summed over the axes that are in both and not in `wanted`."""
    (a, ta), (b, tb) = left, right
    batch = [c for c in ta if c in tb and c in wanted]
    inner = [c for c in ta if c in tb and c not in wanted]
    rows, columns = [c for c in ta if c not in tb], [c for c in tb if c not in ta]
    if not isinstance(a, Value) and not isinstance(b, Value):
        return np.einsum(f"{ta},{tb}->{''.join(batch + rows + columns)}", a, b), "".join(batch + rows + columns)
    if inner and not batch and isinstance(a, Value) != isinstance(b, Value):
        return _mapped(net, left, right, inner) if isinstance(a, Value) else _mapped(net, right, left, inner)
    sizes = dict(zip(ta + tb, (*a.shape, *b.shape), strict=True))
    lead = [sizes[c] for c in batch] or [1]
    m, k, n = (prod(sizes[c] for c in part) for part in (rows, inner, columns))
    a, b = (x if isinstance(x, Value) else net.constant(x) for x in (a, b))
    a = reshape_to(net, _ordered(net, a, ta, batch + rows + inner), (*lead, m, k))
    b = reshape_to(net, _ordered(net, b, tb, batch + inner + columns), (*lead, k, n))
    y = reshape_to(net, matrix_product(net, a, b), [sizes[c] for c in batch + rows + columns])
    return y, "".join(batch + rows + columns)


def _mapped(net: Builder, traced: Part, constant: Part, inner: Sequence[str]) -> Part:
    """A constant matrix along the axes `inner` of a traced tensor, which keeps its other axes, the batch among them."""
    (x, tx), (matrix, tm) = traced, constant
    assert isinstance(x, Value) and isinstance(matrix, np.ndarray)
    outer, at = [c for c in tm if c not in inner], tx.index(min(inner, key=tx.index))
    kept = [c for c in tx if c not in inner]
    x = _ordered(net, x, tx, [*kept[:at], *inner, *kept[at:]])
    sizes = dict(zip(tm, matrix.shape, strict=True))
    matrix = np.transpose(matrix, [tm.index(c) for c in [*outer, *inner]])
    matrix = matrix.reshape(prod(sizes[c] for c in outer), prod(sizes[c] for c in inner))
    before, after = x.shape[:at], x.shape[at + len(inner) :]
    y = linear_map(net, reshape_to(net, x, (*before, matrix.shape[1], *after)), at, matrix)
    y = reshape_to(net, y, (*before, *(sizes[c] for c in outer), *after))
    return y, "".join([*kept[:at], *outer, *kept[at:]])


def _ordered(net: Builder, x: Value, have: str, want: Sequence[str]) -> Value:
    """`x`, whose axes have the subscripts `have`, with its axes in the order `want`."""
    return permute_to(net, x, [have.index(c) for c in want]) if list(have) != list(want) else x


@from_onnx("Einsum")
def onnx_einsum(net: Builder, *Inputs: Operand, equation: str) -> Value:
    return einsum(net, equation, *Inputs)
