"""Variance, standard deviation, log of a sum of exponentials, product."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod as product
from typing import Any

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import axes_of, from_ir, from_torch
from ..activation.clip import clip
from ..elementwise.binary import Binary
from ..elementwise.eltwise import Eltwise
from ..elementwise.exp import Exp, Log
from ..elementwise.power import Power
from ..shape.concat import Concat
from ..shape.reshape import reshape_to
from ..shape.slice import slice_at
from .reduce import Reduce, ir_reduce, reduce


def _kept(net: Builder, x: Value, dims: Sequence[int], keepdim: bool) -> Any:
    return x if keepdim else reshape_to(net, x, [d for i, d in enumerate(x.shape) if i not in dims])


def _correction(dim: int, unbiased: Any, correction: Any) -> Any:
    if isinstance(dim, bool):  # var(x, unbiased)
        return None, float(dim)
    if unbiased is not None:
        return dim, float(unbiased)
    return dim, 1.0 if correction is None else float(correction)


def _variance(net: Builder, input: Value, dim: int, unbiased: Any, keepdim: bool, correction: Any, power: Any) -> Any:
    dim, correction = _correction(dim, unbiased, correction)
    dims = axes_of(dim, len(input.shape))
    count = product(input.shape[d] for d in dims)
    if count <= correction:
        raise Refused(f"the variance of {count} numbers with correction {correction:g}", "use unbiased=False")
    if not dims:
        return net.add(Power(scale=0.0), input)
    mean = net.add(Reduce("mean", dims, True), input, name="mean")
    centred = net.add(Binary("sub"), input, mean, name="centred")
    square = net.add(Reduce("mean", dims, True), net.add(Power(power=2.0), centred, name="square"), name="squares")
    scale = count / (count - correction)
    return _kept(net, net.add(Power(power=power, scale=scale), square), dims, keepdim)


@from_torch("torch.var", "torch.Tensor.var")
def var(
    net: Builder,
    input: Value,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: Any = None,
) -> Any:
    return _variance(net, input, dim, unbiased, keepdim, correction, 1.0)


@from_torch("torch.std", "torch.Tensor.std")
def std(
    net: Builder,
    input: Value,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: Any = None,
) -> Any:
    return _variance(net, input, dim, unbiased, keepdim, correction, 0.5)


@from_torch("torch.var_mean")
def var_mean(
    net: Builder,
    input: Value,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: Any = None,
) -> Any:
    axes = None if isinstance(dim, bool) else dim
    return [var(net, input, dim, unbiased, keepdim, correction=correction), reduce(net, "mean", input, axes, keepdim)]


@from_torch("torch.std_mean")
def std_mean(
    net: Builder,
    input: Value,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: Any = None,
) -> Any:
    axes = None if isinstance(dim, bool) else dim
    return [std(net, input, dim, unbiased, keepdim, correction=correction), reduce(net, "mean", input, axes, keepdim)]


@from_torch("torch.logsumexp", "torch.Tensor.logsumexp", "torch.special.logsumexp")
def logsumexp(net: Builder, input: Value, dim: Any, keepdim: bool = False) -> Any:
    """m + log(sum of exp(x - m)), m the maximum, but no less than -3e38: of -inf only, -inf is left."""
    dims = axes_of(dim, len(input.shape))
    if not dims:
        return input
    top = clip(net, net.add(Reduce("max", dims, True), input, name="max"), -3e38, None)
    low = net.add(Binary("sub"), input, top, name="shifted")
    total = net.add(Reduce("sum", dims, True), net.add(Exp(), low, name="exp"), name="sum")
    return _kept(net, net.add(Eltwise("SUM"), net.add(Log(), total, name="log"), top), dims, keepdim)


@from_torch("torch.prod", "torch.Tensor.prod")
def prod(net: Builder, input: Value, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Halves are multiplied with halves."""
    if dim is None:
        x = reshape_to(net, input, (product(input.shape),), "flat")
        return reshape_to(net, prod(net, x, 0, True), ())
    if not input.shape:
        return input
    dim %= len(input.shape)
    x = input
    while (size := x.shape[dim]) > 1:
        half = size // 2
        first, second, *rest = slice_at(net, x, dim, [half, 2 * half] if size % 2 else [half], "half")
        x = net.add(Eltwise("PROD"), first, second, name="product")
        if rest and half == 1:
            x = net.add(Eltwise("PROD"), x, rest[0], name="product")
        elif rest:
            x = _times_last(net, x, rest[0], dim)
    return _kept(net, x, (dim,), keepdim)


def _times_last(net: Builder, x: Value, rest: Any, dim: int) -> Any:
    """The odd one out is multiplied into the last."""
    body, last = slice_at(net, x, dim, [x.shape[dim] - 1], "last")
    return net.add(Concat(dim), body, net.add(Eltwise("PROD"), last, rest, name="product"), name="joined")


@from_ir("Prod", "ReduceProd")
def ir_prod(net: Builder, node: IrOperator, input: Value) -> Any:
    def each(x: Value, axes: Any, keep: Any) -> Any:
        for axis in axes:
            x = prod(net, x, axis, keep)
        return x

    return ir_reduce(net, node, input, each)
