"""torch.flip, fliplr and flipud, and Python's reversed(tensor)."""

from __future__ import annotations

from collections.abc import Sequence

from ...graph.builder import Builder
from ...graph.caffe_rules import CaffeNode, from_caffe
from ...graph.graph import Value
from ...graph.registry import axes_of, from_torch, unpacked
from ..indexing.index_select import select_indices


@from_torch("torch.flip", "torch.Tensor.flip")
def flip(net: Builder, input: Value, *axes: int | Sequence[int], dims: int | Sequence[int] = ()) -> Value:
    reversed_axes = unpacked(axes or (dims,))
    x = input
    for dim in axes_of(tuple(reversed_axes), len(x.shape)) if reversed_axes else ():
        x = select_indices(net, x, dim, range(x.shape[dim] - 1, -1, -1))
    return x


@from_torch("torch.fliplr", "torch.Tensor.fliplr")
def fliplr(net: Builder, input: Value) -> Value:
    return flip(net, input, 1)


@from_torch("torch.flipud", "torch.Tensor.flipud")
def flipud(net: Builder, input: Value) -> Value:
    return flip(net, input, 0)


@from_torch("torch.Tensor.__reversed__")
def reversed_tensor(net: Builder, input: Value) -> Value:
    return flip(net, input, 0)


@from_caffe("Reverse", param="reverse_param")
def reverse(net: Builder, node: CaffeNode, x: Value) -> Value:
    """One axis in reverse order.  Source: reverse_layer.cpp of Caffe's forks for text recognition."""
    return flip(net, x, node.param.get("axis", 0))
