"""Norms of vectors: torch.norm, torch.linalg.vector_norm, torch.linalg.norm."""

from __future__ import annotations

from math import inf
from typing import Any

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import Dims, axes_of, from_torch
from ..elementwise.absval import AbsVal
from ..elementwise.power import Power
from .reduce import Reduce


def norm_of(net: Builder, x: Value, dims: tuple[int, ...], keepdim: bool, p: float | str = 2.0) -> Value:
    """(sum of |x|^p over dims)^(1/p); the largest |x| for inf, the smallest for -inf.

    Raises Refused for other orders.
    """
    if isinstance(p, str) or not (p > 0 or p == -inf):
        raise Refused(f"a norm of order {p}", "use a positive order, or inf")
    if p in (inf, -inf):
        size = net.add(AbsVal(), x, name="size")
        return net.add(Reduce("max" if p > 0 else "min", dims, keepdim), size, name="norm") if dims else size
    total = x if p == 2 else net.add(AbsVal(), x, name="size")
    total = total if p == 1 else net.add(Power(power=float(p)), total, name="square" if p == 2 else "power")
    total = net.add(Reduce("sum", dims, keepdim), total, name="sum") if dims else total
    return total if p == 1 else net.add(Power(power=1 / p), total, name="norm")


@from_torch("torch.norm", "torch.Tensor.norm", "torch.functional.norm")
def norm(
    net: Builder,
    input: Value,
    p: float | str | None = "fro",
    dim: Dims = None,
    keepdim: bool = False,
    out: Any = None,
    dtype: Any = None,
) -> Value:
    order = 2.0 if p is None or p == "fro" else p
    return norm_of(net, input, axes_of(dim, len(input.shape)), bool(keepdim), order)


@from_torch("torch.linalg.vector_norm")
def vector_norm(
    net: Builder,
    x: Value,
    ord: float = 2,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: Any = None,
    out: Any = None,
) -> Value:
    return norm(net, x, ord, dim, keepdim)


@from_torch("torch.linalg.norm")
def linalg_norm(
    net: Builder,
    input: Value,
    ord: float | str | None = None,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    out: Any = None,
    dtype: Any = None,
) -> Value:
    """Over two axes and with an order it is a matrix norm; without an order, the root of the sum of squares."""
    count = len(input.shape) if dim is None else len(dim) if isinstance(dim, (tuple, list)) else 1
    if ord not in (None, "fro") and count == 2:
        raise Refused(f"a matrix norm of order {ord}", "use torch.linalg.vector_norm for the norm of its elements")
    return norm(net, input, ord, dim, keepdim)
