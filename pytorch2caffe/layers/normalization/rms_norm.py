"""Normalization by the root mean square over the last axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import Refused
from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ...graph.lowering import Lowering
from ...graph.onnx_rules import from_onnx
from ...graph.registry import Layer, Source, from_torch, layer, number
from ..elementwise.binary import Binary
from ..elementwise.power import Power
from ..reduction.reduce import Reduce
from .layer_norm import ncnn_rows
from .scale_and_shift import scale_and_shift


@layer("RMSNorm")
class RMSNorm(Layer):
    """y = x / sqrt(mean of x^2 + eps) over the axes from `axis` on."""

    axis: int
    eps: float = 1e-5

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr=f"F.rms_norm({{0}}, {{0}}.shape[{self.axis}:], eps={number(self.eps)})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return ncnn_rows("RMSNorm", shapes[0], self.axis, self.eps)

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        (x,) = inputs
        dims = tuple(range(self.axis, len(x.shape)))
        mean = net.add(Reduce("mean", dims, True), net.add(Power(power=2.0), x, name="square"), name="mean")
        return net.add(Binary("mul"), x, net.add(Power(power=-0.5, shift=self.eps), mean, name="inverse"))


@from_torch("torch.nn.functional.rms_norm", "torch.rms_norm")
def rms_norm(
    net: Builder, input: Value, normalized_shape: Sequence[int], weight: Operand | None = None, eps: float | None = None
) -> Value:
    if eps is None:
        eps = float(np.finfo(np.float32).eps)
    axis = len(input.shape) - len(normalized_shape)
    if axis < 0:
        raise Refused(
            f"rms_norm over {list(normalized_shape)} of {list(input.shape)}",
            "use a normalized_shape that is the end of the input's shape",
        )
    return scale_and_shift(net, net.add(RMSNorm(axis, eps), input), weight, None, axis)


@from_onnx("RMSNormalization", "SimplifiedLayerNormalization")
def onnx_rms_normalization(
    net: Builder, X: Value, scale: Operand, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> Value:
    return rms_norm(net, X, X.shape[axis % len(X.shape) :], scale, epsilon)
