"""Whether any or all of the elements along axes are true."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import Dims, axes_of, from_torch, keeps_masks
from ..elementwise.logical import truth
from .reduce import Reduce


@from_torch("torch.any", "torch.Tensor.any")
@keeps_masks
def any_of(net: Builder, input: Value, dim: Dims = None, keepdim: bool = False) -> Value:
    return _over(net, "max", truth(net, input), dim, keepdim)


@from_torch("torch.all", "torch.Tensor.all")
@keeps_masks
def all_of(net: Builder, input: Value, dim: Dims = None, keepdim: bool = False) -> Value:
    return _over(net, "min", truth(net, input), dim, keepdim)


def _over(net: Builder, operation: str, mask: Value, dim: Dims, keepdim: bool) -> Value:
    dims = axes_of(dim, len(mask.shape))
    return net.add(Reduce(operation, dims, bool(keepdim)), mask) if dims else mask
