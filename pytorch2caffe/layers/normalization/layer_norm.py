"""Layer normalization: over the last axes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...formats.ncnn import Ncnn, blob_shape
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ...graph.lowering import Lowering
from ...graph.onnx_rules import OnnxNode, from_onnx
from ...graph.registry import Layer, Source, from_torch, layer, number
from ..elementwise.power import Power
from ..reduction.reduce import reduce
from ..reduction.var import var
from .mvn import normalise
from .scale_and_shift import scale_and_shift


@layer("LayerNorm")
class LayerNorm(Layer):
    """y = (x - mean) / sqrt(variance + eps) over the axes from `axis` on."""

    axis: int
    eps: float = 1e-5

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr=f"F.layer_norm({{0}}, {{0}}.shape[{self.axis}:], eps={number(self.eps)})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return ncnn_rows("LayerNorm", shapes[0], self.axis, self.eps)

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        return normalise(net, inputs[0], self.axis, self.eps)


def ncnn_rows(type: str, shape: Sequence[int], axis: int, eps: float) -> Ncnn:
    """ncnn's LayerNorm or RMSNorm over the axes from `axis` on, which are reshaped to the last axis."""
    rows, size = prod(shape[:axis]), prod(shape[axis:])
    own = blob_shape(shape)
    rows_shape = own if own[-1] == size == shape[-1] else (rows, size) if rows > 1 else (size,)
    return Ncnn(type, {0: size, 1: eps, 2: 0}, (), (rows_shape,), (rows_shape,))


@from_torch("torch.nn.functional.layer_norm", "torch.layer_norm")
def layer_norm(
    net: Builder,
    input: Value,
    normalized_shape: Sequence[int],
    weight: Operand | None = None,
    bias: Operand | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Value:
    axis = len(input.shape) - len(normalized_shape)
    return scale_and_shift(net, net.add(LayerNorm(axis, eps), input), weight, bias, axis)


@from_onnx("LayerNormalization")
def onnx_layer_normalization(
    net: Builder,
    X: Value,
    Scale: Operand | None = None,
    B: Operand | None = None,
    *,
    node: OnnxNode,
    axis: int = -1,
    epsilon: float = 1e-5,
    stash_type: int = 1,
) -> Any:
    start = axis % len(X.shape)
    y = layer_norm(net, X, X.shape[start:], Scale, B, epsilon)
    if node.outputs < 2:
        return y
    dims = tuple(range(start, len(X.shape)))
    mean = reduce(net, "mean", X, dims, True)
    variance = var(net, X, dims, unbiased=False, keepdim=True)
    return [y, mean, net.add(Power(power=-0.5, shift=epsilon), variance, name="inverse")][: node.outputs]
