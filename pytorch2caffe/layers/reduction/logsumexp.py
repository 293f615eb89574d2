"""The logarithm of a sum of exponentials."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import Dims, axes_of, from_torch
from ..activation.clip import clip
from ..elementwise.binary import Binary
from ..elementwise.eltwise import Eltwise
from ..elementwise.exp import Exp
from ..elementwise.log import Log
from .reduce import Reduce, drop_axes


@from_torch("torch.logsumexp", "torch.Tensor.logsumexp", "torch.special.logsumexp")
def logsumexp(net: Builder, input: Value, dim: Dims, keepdim: bool = False) -> Value:
    """m + log(sum of exp(x - m)), m the maximum, at least -3e38, so that the result for -inf alone is -inf."""
    dims = axes_of(dim, len(input.shape))
    if not dims:
        return input
    top = clip(net, net.add(Reduce("max", dims, True), input, name="max"), -3e38, None)
    low = net.add(Binary("sub"), input, top, name="shifted")
    total = net.add(Reduce("sum", dims, True), net.add(Exp(), low, name="exp"), name="sum")
    return drop_axes(net, net.add(Eltwise("SUM"), net.add(Log(), total, name="log"), top), dims, keepdim)
