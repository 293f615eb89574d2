"""MVN: mean 0 and, optionally, variance 1 per channel of each sample."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, one_sample
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer, number
from ..elementwise.eltwise import Eltwise
from ..elementwise.power import Power
from ..elementwise.scale import Scale
from ..linear.inner_product import InnerProduct
from ..reduction.reduce import Reduce
from ..shape.reshape import reshape_to


@layer("MVN", param="mvn_param")
class MVN(Layer):
    """y = x - mean per sample and channel; divided by (sqrt(variance) + eps) if normalize_variance.

    across_channels: per sample. The top has four axes. eps is added after the square root, unlike in PyTorch.
    Source: BVLC Caffe, mvn_layer.cpp.
    """

    in_place = True

    normalize_variance: bool = True
    across_channels: bool = False
    eps: float = 1e-9

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        start = 1 if self.across_channels else 2
        dims, rank = tuple(range(start, len(shapes[0]))), len(shapes[0])
        if not start < rank <= 4:
            raise Refused(f"MVN of {rank} axes", "reshape to N, C, H, W")
        text = f"{{0}} - {{0}}.mean({dims}, keepdim=True)"
        if self.normalize_variance:
            text = f"({text}) / ({{0}}.std({dims}, correction=0, keepdim=True) + {number(self.eps)})"
        return Source(expr=text if rank == 4 else f"({text})[{', '.join(['...', *['None'] * (4 - rank)])}]")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        one_sample(shapes[0])
        return Ncnn("MVN", {0: int(self.normalize_variance), 1: int(self.across_channels), 2: self.eps})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """One InnerProduct computes the mean, another repeats it, and it is subtracted."""
        (x,) = inputs
        if self.normalize_variance:
            raise Refused("MVN with normalize_variance", "use a dialect that has MVN")
        axis = 1 if self.across_channels else 2
        count = prod(x.shape[axis:])
        weights = np.full((1, count), 1 / count, np.float32), np.ones((count, 1), np.float32)
        mean = net.add(InnerProduct(1, False, axis), x, blobs=weights[:1], name="mean")
        means = net.add(InnerProduct(count, False, axis), mean, blobs=weights[1:], name="means")
        return net.add(Eltwise("SUM", (1.0, -1.0)), x, reshape_to(net, means, x.shape, "shaped"))

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        (x,) = inputs
        if len(x.shape) != 4:
            raise Refused(f"MVN of {len(x.shape)} axes in MMdnn's IR", "reshape to N, C, H, W")
        axes = [1, 2, 3] if self.across_channels else [1, 2]
        shape = (x.shape[0], 1 if self.across_channels else x.shape[1], 1, 1)
        y = net.op("Sub", x, net.op("ReduceMean", x, shape=shape, axes=axes, keepdims=True))
        if not self.normalize_variance:
            return y
        variance = net.op("ReduceMean", net.op("Square", y), shape=shape, axes=axes, keepdims=True)
        root = net.op("Sqrt", variance)
        return net.op("RealDiv", y, net.op("Add", root, net.constant(self.eps)))


def normalise(net: Builder, x: Value, axis: int, eps: float) -> Value:
    """(x - mean) / sqrt(variance + eps) over the axes from `axis` on.

    MVN subtracts the mean; other layers compute the rest, because consumers differ on MVN's variance and on BatchNorm
    with the statistics of the batch: OpenCV adds eps after the square root, others read the blobs.
    """
    lead, inner = x.shape[:axis], x.shape[axis:]
    shape = (*lead[:1], prod(lead[1:]), prod(inner[:-1]), inner[-1])
    flat = reshape_to(net, x, x.shape if len(x.shape) == 4 and axis == 2 else (1,) * (4 - len(shape)) + shape, "flat")
    centred = net.add(MVN(normalize_variance=False), flat, name="centred")
    square = net.add(Eltwise("PROD"), centred, centred, name="square")
    rows = len(inner) == 1
    variance = _mean_of_rows(net, square) if rows else net.add(Reduce("mean", (2, 3), True), square, name="variance")
    inverse = net.add(Power(power=-0.5, shift=eps), variance, name="inverse")
    factor = inverse if rows else reshape_to(net, inverse, flat.shape[:2], "factor")
    return reshape_to(net, net.add(Scale(0), centred, factor, name="normal"), x.shape, "shaped")


def _mean_of_rows(net: Builder, x: Value) -> Value:
    """The mean of each row of [N, C, 1, W], as Scale accepts it without a Reshape: [N, C, 1]."""
    weight = np.full((1, x.shape[3]), 1 / x.shape[3], np.float32)
    return net.add(InnerProduct(1, False, 2), x, blobs=[weight], name="variance")
