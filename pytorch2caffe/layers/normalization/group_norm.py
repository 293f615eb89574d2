"""Normalization over groups of channels."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from ...formats.ncnn import Ncnn, one_sample
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ...graph.lowering import Lowering
from ...graph.onnx_rules import from_onnx
from ...graph.registry import Layer, Source, from_torch, layer, number
from ..shape.reshape import Reshape, reshape_to
from .mvn import normalise
from .scale_and_shift import scale_and_shift


@layer("GroupNorm")
class GroupNorm(Layer):
    """y = (x - mean) / sqrt(variance + eps) over each of `groups` equal parts of the channels and their space."""

    groups: int
    eps: float = 1e-5

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr=f"F.group_norm({{0}}, {self.groups}, eps={number(self.eps)})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        one_sample(shapes[0], 2, 3, 4, 5)
        return Ncnn("GroupNorm", {0: self.groups, 1: shapes[0][1], 2: self.eps, 3: 0})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        (x,) = inputs
        if len(x.shape) == 4:
            groups = net.add(Reshape((0, self.groups, -1, 0)), x, name="groups")
            return net.add(Reshape((0, x.shape[1], -1, 0)), normalise(net, groups, 2, self.eps), name="joined")
        count = prod(x.shape[1:]) // self.groups
        last = x.shape[-1] if count % x.shape[-1] == 0 else 1
        groups = reshape_to(net, x, (x.shape[0], self.groups, count // last, last), "groups")
        return reshape_to(net, normalise(net, groups, 2, self.eps), x.shape, "joined")


@from_torch("torch.nn.functional.group_norm", "torch.group_norm")
def group_norm(
    net: Builder,
    input: Value,
    num_groups: int,
    weight: Operand | None = None,
    bias: Operand | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Value:
    return scale_and_shift(net, net.add(GroupNorm(int(num_groups), eps), input), weight, bias, 1)


@from_onnx("GroupNormalization", since=18)
def onnx_group_normalization_of_groups(
    net: Builder, X: Value, scale: np.ndarray, bias: np.ndarray, *, num_groups: int, epsilon: float = 1e-5
) -> Value:
    """With a scale and a bias for each group, as in opset 18."""
    each = X.shape[1] // num_groups
    return group_norm(net, X, num_groups, np.repeat(scale, each), np.repeat(bias, each), epsilon)


@from_onnx("GroupNormalization", since=21)
def onnx_group_normalization(
    net: Builder,
    X: Value,
    scale: Operand,
    bias: Operand,
    *,
    num_groups: int,
    epsilon: float = 1e-5,
    stash_type: int = 1,
) -> Value:
    return group_norm(net, X, num_groups, scale, bias, epsilon)
