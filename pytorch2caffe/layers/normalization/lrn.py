"""Local response normalization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, one_sample
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.onnx_rules import from_onnx
from ...graph.registry import Layer, Source, from_ir, from_torch, layer, number
from ..elementwise.eltwise import Eltwise
from ..elementwise.power import Power
from ..linear.linear_map import linear_map
from ..shape.reshape import reshape_to


@layer("LRN", param="lrn_param")
class LRN(Layer):
    """y = x / (k + alpha / local_size * sum of squares over local_size channels) ^ beta.

    Source: BVLC Caffe, lrn_layer.cpp.
    """

    local_size: int = 5
    alpha: float = 1.0
    beta: float = 0.75
    norm_region: str = "ACROSS_CHANNELS"
    k: float = 1.0

    def works_in_place(self) -> bool:
        return self.norm_region == "WITHIN_CHANNEL"

    def to_caffe(self) -> dict[str, Any]:
        """With alpha in any case: where it is not given, it is 1 in Caffe and 1e-4 in OpenCV."""
        return {"alpha": self.alpha, **self.settings()}

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        if self.norm_region != "ACROSS_CHANNELS":
            size, pad = self.local_size, self.local_size // 2
            area = f"F.avg_pool2d({{0}} * {{0}}, {size}, 1, {pad})"
            return Source(expr=f"{{0}} / torch.pow({area} * {number(self.alpha)} + 1, {number(self.beta)})")
        arguments = ", ".join(number(v) for v in (self.alpha, self.beta, self.k))
        return Source(f"nn.LocalResponseNorm({self.local_size}, {arguments})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        one_sample(shapes[0])
        within = self.norm_region != "ACROSS_CHANNELS"
        k = 1.0 if within else self.k
        return Ncnn("LRN", {0: int(within), 1: self.local_size, 2: self.alpha, 3: self.beta, 4: k})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """For targets without k: 1 / (k + s)^beta = k^-beta / (1 + s/k)^beta."""
        y = net.add(replace(self, k=1.0, alpha=self.alpha / self.k), *inputs, name="normalised")
        return net.add(Power(scale=self.k**-self.beta), y)

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        (x,) = inputs
        if len(x.shape) != 4:
            raise Refused(f"LRN of {len(x.shape)} axes, where MMdnn's IR has 4", "reshape to N, C, H, W")
        if self.norm_region != "ACROSS_CHANNELS":
            size, pad = self.local_size, (0, 0, self.local_size // 2, self.local_size // 2)
            y = net.pool(net.pad(net.op("Square", x), pad, pad, 0.0), "AVG", (size, size), (1, 1), (0, 0), x.shape[2:])
            y = net.op("Add", net.op("Mul", y, net.constant(self.alpha)), net.constant(1.0))
            return net.op("RealDiv", x, net.op("Pow", y, net.constant(self.beta)))
        return net.op("LRN", *inputs, size=self.local_size, alpha=self.alpha, beta=self.beta, bias=self.k)


@from_torch("torch.nn.functional.local_response_norm")
def local_response_norm(
    net: Builder, input: Value, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Value:
    if len(input.shape) < 3:
        raise Refused(f"local_response_norm on {len(input.shape)} axes", "use 3 axes or more")
    if size % 2 == 0 or k <= 0:
        return _one_sided_norm(net, input, size, alpha, beta, k)
    x = reshape_to(net, input, (*input.shape[:2], prod(input.shape[2:]), 1), "flat") if len(input.shape) != 4 else input
    y = net.add(LRN(size, alpha, beta, k=k), x)
    return reshape_to(net, y, input.shape, "full")


def _one_sided_norm(net: Builder, x: Value, size: int, alpha: float, beta: float, k: float) -> Value:
    """For windows that Caffe's LRN lacks, with size // 2 channels before and (size - 1) // 2 after, and for k <= 0.

    before: x -> LRN(local_size 4) -> y
    after:  x -> Eltwise(x * x) -> LinearMap(sums over windows) -> Power(-beta) -> Eltwise(* x) -> y
    """
    positions = np.arange(x.shape[1])
    distance = positions[None, :] - positions[:, None]
    window = (distance >= -(size // 2)) & (distance <= (size - 1) // 2)
    squares = net.add(Eltwise("PROD"), x, x, name="square")
    total = linear_map(net, squares, 1, window * (alpha / size), name="sum")
    factor = net.add(Power(power=-beta, shift=k), total, name="factor")
    return net.add(Eltwise("PROD"), x, factor)


@from_ir("LRN")
def ir_lrn(net: Builder, node: IrOperator, input: Value) -> Value:
    """As in PyTorch, alpha applies to the sum over `size` channels divided by `size`, for every source."""
    arguments = node.number("alpha"), node.number("beta", 0.75), node.number("bias", 1.0)
    return local_response_norm(net, input, node.integer("size"), *arguments)


@from_onnx("LRN")
def onnx_lrn(net: Builder, X: Value, *, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0) -> Value:
    if size % 2 == 0:  # ONNX has the larger half after the channel, PyTorch before it
        raise Refused(f"LRN over {size} channels", "use an odd size")
    return local_response_norm(net, X, size, alpha, beta, bias)
