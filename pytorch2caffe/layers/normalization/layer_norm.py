"""Normalisation over the last axes, over groups of channels, and by the root mean square."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.ncnn import Ncnn, blob_shape, one_sample
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, from_torch, layer, number
from ..elementwise.arithmetic import arithmetic
from ..elementwise.binary import Binary
from ..elementwise.power import Power
from ..elementwise.scale import Scale
from ..reduction.reduce import Reduce
from ..shape.reshape import reshape_to
from .instance_norm import InstanceNorm
from .mvn import normalise


@layer("LayerNorm")
class LayerNorm(Layer):
    """y = (x - mean) / sqrt(variance + eps) over the axes from `axis` on."""

    axis: int
    eps: float = 1e-5

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr=f"F.layer_norm({{0}}, {{0}}.shape[{self.axis}:], eps={number(self.eps)})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("LayerNorm", *_rows(shapes[0], self.axis, self.eps))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        return normalise(net, inputs[0], self.axis, self.eps)


@layer("GroupNorm")
class GroupNorm(Layer):
    """As LayerNorm, over each of `groups` equal parts of the channels and their space."""

    groups: int
    eps: float = 1e-5

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr=f"F.group_norm({{0}}, {self.groups}, eps={number(self.eps)})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        one_sample(shapes[0], 2, 3, 4, 5)
        return Ncnn("GroupNorm", {0: self.groups, 1: shapes[0][1], 2: self.eps, 3: 0})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        (x,) = inputs
        count = prod(x.shape[1:]) // self.groups
        last = x.shape[-1] if count % x.shape[-1] == 0 else 1
        groups = reshape_to(net, x, (x.shape[0], self.groups, count // last, last), "groups")
        return reshape_to(net, normalise(net, groups, 2, self.eps), x.shape, "joined")


@layer("RMSNorm")
class RMSNorm(Layer):
    """y = x / sqrt(mean of x^2 + eps) over the axes from `axis` on."""

    axis: int
    eps: float = 1e-5

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr=f"F.rms_norm({{0}}, {{0}}.shape[{self.axis}:], eps={number(self.eps)})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("RMSNorm", *_rows(shapes[0], self.axis, self.eps))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        (x,) = inputs
        dims = tuple(range(self.axis, len(x.shape)))
        mean = net.add(Reduce("mean", dims, True), net.add(Power(power=2.0), x, name="square"), name="mean")
        return net.add(Binary("mul"), x, net.add(Power(power=-0.5, shift=self.eps), mean, name="inverse"))


@dataclass(frozen=True)
class AffineNorm(Layer):
    """A normalisation and the Scale after it, which ncnn has in one layer. Blobs: the Scale's."""

    type = "AffineNorm"
    norm: Layer
    scale: Scale

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape] | None:
        return [shapes[0]]

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        scaled = self.scale.to_torch(shapes, blobs)
        return replace(scaled, expr=scaled.expr.replace("{0}", self.norm.to_torch(shapes, ()).expr))

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        made = self.norm.to_ncnn(shapes, ())
        rows = [blob.reshape(-1) for blob in blobs]
        if made.type != "RMSNorm" and len(rows) == 1:
            rows.append(np.zeros_like(rows[0]))
        return replace(made, params={**made.params, 3 if made.type == "GroupNorm" else 2: 1}, weights=tuple(rows))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        return net.add(self.scale, net.add(self.norm, *inputs, name="normal"), blobs=blobs)


def affine(norm: Layer, scale: Scale) -> AffineNorm | None:
    """The AffineNorm of two layers, or None if their axes differ."""
    if isinstance(norm, (LayerNorm, RMSNorm)):
        fits = scale.axis == norm.axis and not (isinstance(norm, RMSNorm) and scale.bias_term)
    else:
        fits = isinstance(norm, (GroupNorm, InstanceNorm)) and scale.axis == 1
    return AffineNorm(norm, scale) if fits else None


def _rows(shape: Sequence[int], axis: int, eps: Any) -> Any:
    """ncnn's params, and the rows that it normalises."""
    rows, size = prod(shape[:axis]), prod(shape[axis:])
    own = blob_shape(shape)
    seen = own if own[-1] == size == shape[-1] else (rows, size) if rows > 1 else (size,)
    return {0: size, 1: eps, 2: 0}, (), (seen,), (seen,)


def _affine(net: Builder, y: Value, weight: np.ndarray, bias: np.ndarray, axis: int) -> Any:
    """Weight and bias of the shape of y's axes from `axis` on, each optional, each a parameter or computed."""
    if isinstance(weight, Value) or isinstance(bias, Value):
        for operation, operand in (("mul", weight), ("add", bias)):
            if operand is not None:
                after = len(y.shape) - axis - len(operand.shape)
                operand = reshape_to(net, operand, (*operand.shape, *(1,) * after), "operand")
                y = arithmetic(net, operation, y, operand)
        return y
    if weight is None and bias is None:
        return y
    shape = (weight if weight is not None else bias).shape
    blobs = [np.ones(shape, np.float32) if weight is None else weight, *([] if bias is None else [bias])]
    return net.add(Scale(axis, len(shape), bias is not None), y, blobs=blobs, name="scale")


@from_torch("torch.nn.functional.layer_norm", "torch.layer_norm")
def layer_norm(
    net: Builder,
    input: Value,
    normalized_shape: Sequence[int],
    weight: Operand | None = None,
    bias: Operand | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Any:
    axis = len(input.shape) - len(normalized_shape)
    return _affine(net, net.add(LayerNorm(axis, eps), input), weight, bias, axis)


@from_torch("torch.nn.functional.group_norm", "torch.group_norm")
def group_norm(
    net: Builder,
    input: Value,
    num_groups: int,
    weight: Operand | None = None,
    bias: Operand | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Any:
    return _affine(net, net.add(GroupNorm(int(num_groups), eps), input), weight, bias, 1)


@from_torch("torch.nn.functional.rms_norm", "torch.rms_norm")
def rms_norm(
    net: Builder, input: Value, normalized_shape: Sequence[int], weight: Operand | None = None, eps: float | None = None
) -> Any:
    if eps is None:
        eps = float(np.finfo(np.float32).eps)
    axis = len(input.shape) - len(normalized_shape)
    if axis < 0:
        raise Refused(f"rms_norm over {list(normalized_shape)} of {list(input.shape)}", "use a shape that fits")
    return _affine(net, net.add(RMSNorm(axis, eps), input), weight, None, axis)
