"""Variance and standard deviation."""

from __future__ import annotations

from math import prod as product

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value, fix_axes
from ...graph.registry import Dims, axes_of, from_torch
from ..elementwise.binary import Binary
from ..elementwise.power import Power
from .reduce import Reduce, drop_axes, reduce


def _correction(dim: Dims, unbiased: bool | None, correction: float | None) -> tuple[Dims, float]:
    """The axes, and what is subtracted from the count; var(x, False) means unbiased=False."""
    if isinstance(dim, bool):
        return None, float(dim)
    if unbiased is not None:
        return dim, float(unbiased)
    return dim, 1.0 if correction is None else float(correction)


def _variance(
    net: Builder,
    input: Value,
    dim: Dims,
    unbiased: bool | None,
    keepdim: bool,
    correction: float | None,
    power: float,
) -> Value:
    """The variance over dim, raised to `power`."""
    dim, correction = _correction(dim, unbiased, correction)
    dims = axes_of(dim, len(input.shape))
    count = product(input.shape[d] for d in dims)
    if count <= correction:
        raise Refused(f"the variance of {count} elements with correction {correction:g}", "use unbiased=False")
    if not dims:
        return net.add(Power(scale=0.0), input)
    mean = net.add(Reduce("mean", dims, True), input, name="mean")
    centred = net.add(Binary("sub"), input, mean, name="centred")
    square = net.add(Reduce("mean", dims, True), net.add(Power(power=2.0), centred, name="square"), name="squares")
    scale = count / (count - correction)
    fix_axes(input, set(dims) if scale != 1 else set())
    return drop_axes(net, net.add(Power(power=power, scale=scale), square), dims, keepdim)


@from_torch("torch.var", "torch.Tensor.var")
def var(
    net: Builder,
    input: Value,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Value:
    return _variance(net, input, dim, unbiased, keepdim, correction, 1.0)


@from_torch("torch.std", "torch.Tensor.std")
def std(
    net: Builder,
    input: Value,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Value:
    return _variance(net, input, dim, unbiased, keepdim, correction, 0.5)


@from_torch("torch.var_mean")
def var_mean(
    net: Builder,
    input: Value,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> list[Value]:
    axes = None if isinstance(dim, bool) else dim
    return [var(net, input, dim, unbiased, keepdim, correction=correction), reduce(net, "mean", input, axes, keepdim)]


@from_torch("torch.std_mean")
def std_mean(
    net: Builder,
    input: Value,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> list[Value]:
    axes = None if isinstance(dim, bool) else dim
    return [std(net, input, dim, unbiased, keepdim, correction=correction), reduce(net, "mean", input, axes, keepdim)]
