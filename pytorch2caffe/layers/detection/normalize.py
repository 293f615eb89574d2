"""Normalize, SSD's normalization of a feature map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...formats.ncnn import Ncnn, one_sample
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, from_torch, layer, number
from ..elementwise.binary import Binary
from ..elementwise.power import Power
from ..elementwise.scale import Scale
from ..reduction.reduce import Reduce


@layer("Normalize", param="norm_param")
class Normalize(Layer):
    """y = x / sqrt(sum of x^2 + eps) * scale; the sum over the channels, and with across_spatial over the image too.

    Blobs: scale [C], or [1] if channel_shared.  Source: the SSD fork of Caffe, normalize_layer.cpp.
    """

    across_spatial: bool = True
    channel_shared: bool = True
    eps: float = 1e-10

    def to_caffe(self) -> dict[str, Any]:
        return {"across_spatial": self.across_spatial, "channel_shared": self.channel_shared, "eps": self.eps}

    def blob_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        return [(1 if self.channel_shared else shapes[0][1],)]

    def _dims(self, rank: int) -> tuple[int, ...]:
        return tuple(range(1, rank)) if self.across_spatial else (1,)

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        rank = len(shapes[0])
        scale = blobs[0].reshape(1, -1, *(1,) * (rank - 2))
        total = f"{{0}}.square().sum({self._dims(rank)}, keepdim=True)"
        return Source(expr=f"{{0}} / torch.sqrt({total} + {number(self.eps)}) * {{weight}}", state={"weight": scale})

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        one_sample(shapes[0])
        scale = blobs[0].reshape(-1)
        shared = int(scale.size == 1)
        return Ncnn("Normalize", {0: int(self.across_spatial), 1: shared, 2: self.eps, 3: scale.size, 4: 1}, (scale,))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        (x,) = inputs
        square = net.add(Power(power=2.0), x, name="square")
        total = net.add(Reduce("sum", self._dims(len(x.shape)), True), square, name="sum")
        inverse = net.add(Power(-0.5, 1.0, self.eps), total, name="inverse")
        y = net.add(Binary("mul"), x, inverse, name="normal")
        scale = np.broadcast_to(blobs[0].reshape(-1), (x.shape[1],)).copy()
        return net.add(Scale(), y, blobs=[scale])


@from_torch("pytorch2caffe.detection.ssd_normalize")
def ssd_normalize(
    net: Builder, input: Value, scale: np.ndarray, across_spatial: bool = False, eps: float = 1e-10
) -> Value:
    shared = scale.size == 1 and input.shape[1] != 1
    return net.add(Normalize(bool(across_spatial), shared, eps), input, blobs=[np.reshape(scale, -1)])
