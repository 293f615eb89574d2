"""Tensor.expand: copies along axes of size 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.onnx_rules import constant_input, from_onnx
from ...graph.registry import from_torch, unpacked
from .reshape import reshape_to
from .tile import Tile


def expand_to(net: Builder, input: Operand, shape: Sequence[int]) -> Any:
    """The value, or constant, broadcast to `shape`, as PyTorch broadcasts."""
    shape = tuple(shape)
    if isinstance(input, np.ndarray):
        return np.ascontiguousarray(np.broadcast_to(input, shape)).reshape(shape)  # the former has an axis at least
    x = reshape_to(net, input, (1,) * (len(shape) - len(input.shape)) + input.shape, "expand")
    for axis, (have, want) in enumerate(zip(x.shape, shape, strict=True)):
        if have != want:
            x = net.add(Tile(axis, want), x, name="tile")
    return x


@from_torch("torch.Tensor.expand")
def expand(
    net: Builder, input: Value, *sizes: int | Sequence[int], size: Sequence[int] = (), implicit: bool = False
) -> Value:
    wanted: Sequence[int] = unpacked(sizes or (size,))
    own = (1,) * (len(wanted) - len(input.shape)) + input.shape
    return expand_to(net, input, [have if want == -1 else want for have, want in zip(own, wanted, strict=True)])


@from_torch("torch.Tensor.expand_as")
def expand_as(net: Builder, input: Value, other: Operand) -> Value:
    return expand_to(net, input, other.shape)


@from_onnx("Expand")
def onnx_expand(net: Builder, input: Value, shape: Operand) -> Value:
    """Broadcast in both directions: a size 1 of `shape` keeps the input's."""
    sizes = tuple(int(size) for size in np.ravel(constant_input(shape, "the shape of Expand")))
    y: Value = expand_to(net, input, np.broadcast_shapes(input.shape, sizes))
    return y
