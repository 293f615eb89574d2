"""L2 normalization along an axis: F.normalize."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.ncnn import Ncnn, one_sample
from ...graph.builder import Builder
from ...graph.caffe_rules import CaffeNode, from_caffe
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.onnx_rules import from_onnx
from ...graph.registry import Layer, Source, axes_of, from_torch, layer, number
from ..activation.clip import clip
from ..elementwise.binary import Binary
from ..reduction.norm import norm_of
from ..shape.reshape import reshape_to


@layer("L2Normalize")
class L2Normalize(Layer):
    """y = x / max(sqrt(sum of x^2 along dim), eps)."""

    dim: int = 1
    eps: float = 1e-12

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr=f"F.normalize({{0}}, dim={self.dim}, eps={number(self.eps)})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """ncnn normalizes the channels of a blob of three axes; eps is the smallest norm (9=1)."""
        one_sample(shapes[0])
        if self.dim % 4 != 1:
            raise Refused(f"normalize along axis {self.dim}, where ncnn's Normalize works along the channels")
        return Ncnn("Normalize", {0: 0, 1: 1, 2: self.eps, 3: 1, 4: 1, 9: 1}, (np.ones(1, np.float32),))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        (x,) = inputs
        norm = norm_of(net, x, (self.dim,), True)
        return net.add(Binary("div"), x, clip(net, norm, self.eps, None))


@from_torch("torch.nn.functional.normalize")
def normalize(
    net: Builder, input: Value, p: float = 2.0, dim: int | Sequence[int] = 1, eps: float = 1e-12, out: Any = None
) -> Value:
    if not input.shape:
        raise Refused("normalize of a scalar", "give it an axis: x.reshape(1)")
    if p == 2 and isinstance(dim, int):
        return net.add(L2Normalize(dim % len(input.shape), eps), input)
    length = norm_of(net, input, axes_of(dim, len(input.shape)), True, p)
    return net.add(Binary("div"), input, clip(net, length, eps, None))


@from_onnx("LpNormalization")
def onnx_lp_normalization(net: Builder, input: Value, *, axis: int = -1, p: int = 2) -> Value:
    return normalize(net, input, float(p), axis)


@from_caffe("L2Normalization")
def l2_normalization(net: Builder, node: CaffeNode, x: Value) -> Value:
    """Each sample divided by its norm.  Source: l2_normalization_layer.cpp of forks of Caffe for faces."""
    if len(x.shape) == 2:
        return net.add(L2Normalize(1, 0.0), x)
    flat = net.add(L2Normalize(1, 0.0), reshape_to(net, x, (x.shape[0], prod(x.shape[1:])), "flat"), name="normal")
    return reshape_to(net, flat, x.shape)
