"""Einsum of one or two tensors: transposed and reshaped into one product of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from .convert import Net, rule
from .node import Tensor, TfNode, constant, ir_dims
from .rules_arrays import reshaped

FIX = "use at most two tensors, each index once in each, and sum over indices that both have"
UNNAMED = "0123456789"  # stand for the axes of an ellipsis


@rule("Einsum")
def einsum(net: Net, node: TfNode, *inputs: Tensor) -> Tensor:
    equation = node.text("equation").replace(" ", "")
    left, _, out = equation.partition("->")
    terms = left.split(",")
    if len(terms) != len(inputs) or len(terms) > 2:
        raise Refused(f"Einsum {equation!r}", FIX)
    unnamed = max(len(x.shape) - len(term) + 3 if "..." in term else 0 for x, term in zip(inputs, terms, strict=True))
    terms = [_expanded(term, len(x.shape), unnamed) for x, term in zip(inputs, terms, strict=True)]
    out = out.replace("...", UNNAMED[:unnamed])
    sizes: dict[str, int] = {}
    for x, term in zip(inputs, terms, strict=True):
        if len(set(term)) < len(term) or len(term) != len(x.shape):
            raise Refused(f"Einsum {equation!r}", FIX)
        if any(sizes.setdefault(index, size) != size for index, size in zip(term, x.shape, strict=True)):
            shapes = [list(ir_dims(x.shape)) for x in inputs]
            raise Refused(f"Einsum {equation!r} of shapes {shapes}", "broadcast beforehand")
    summed = [c for c in sizes if c not in out and sum(c in term for term in terms) < 2]
    if summed or len(set(out)) < len(out) or not set(out) <= sizes.keys():
        raise Refused(f"Einsum {equation!r}", FIX)
    if len(inputs) == 1:
        return _ordered(net, node, inputs[0], terms[0], out)
    turn = inputs[0].constant
    (a, b), (first, second) = (inputs[::-1], terms[::-1]) if turn else (inputs, terms)
    return _product(net, node, a, b, first, second, out, sizes)


def _expanded(term: str, rank: int, unnamed: int) -> str:
    """A term with its ellipsis expanded; the last axes correspond."""
    count = rank - len(term) + 3
    return term.replace("...", UNNAMED[unnamed - count : unnamed])


def _product(
    net: Net, node: TfNode, a: Tensor, b: Tensor, first: str, second: str, out: str, sizes: dict[str, int]
) -> Tensor:
    both = [c for c in first if c in second]
    batch, inner = "".join(c for c in both if c in out), "".join(c for c in both if c not in out)
    rows, columns = "".join(c for c in first if c not in second), "".join(c for c in second if c not in first)
    count = {part: prod(sizes[c] for c in part) for part in (rows, inner, columns)}
    kept = [sizes[c] for c in batch]
    if not inner and not columns:
        b = _ordered(net, node, b, second, [c for c in out if c in second], "/b")
        b = reshaped(net, node, b, [sizes[c] if c in second else 1 for c in out], "/axes")
        a = _ordered(net, node, a, first, out, "/a")
        return net.emit("Mul", node, [a, b], a.shape, kind=a.kind)
    a = _ordered(net, node, a, first, batch + rows + inner, "/a")
    if b.constant and rows and not batch:
        a = reshaped(net, node, a, [*(sizes[c] for c in rows), count[inner]], "/rows")
        matrix = np.transpose(b.array(), [second.index(c) for c in inner + columns]).reshape(count[inner], -1)
        shape = (*a.shape[:-1], count[columns])
        attrs: dict[str, Any] = {"units": count[columns], "use_bias": False}
        y = net.emit("FullyConnected", node, [a], shape, weights={"weights": matrix}, name="/product", **attrs)
    else:
        a = reshaped(net, node, a, [*kept, count[rows], count[inner]], "/rows")
        b = _ordered(net, node, b, second, batch + inner + columns, "/b")
        b = reshaped(net, node, b, [*kept, count[inner], count[columns]], "/columns")
        y = net.emit("MatMul", node, [a, b], (*kept, count[rows], count[columns]), name="/product")
    y = reshaped(net, node, y, [sizes[c] for c in batch + rows + columns], "/axes")
    return _ordered(net, node, y, batch + rows + columns, out)


def _ordered(net: Net, node: TfNode, x: Tensor, have: str, want: Sequence[str], name: str = "") -> Tensor:
    order = [have.index(c) for c in want]
    if order == sorted(order):
        return x
    if x.constant:
        return constant(np.transpose(x.array(), order), x.name)
    return net.emit("Transpose", node, [x], [x.shape[axis] for axis in order], kind=x.kind, name=name, perm=order)
