"""Layer normalization over the channels of [N, C, H, W]: what ConvNeXt calls LayerNorm2d."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer, number
from ..convolution.convolution import Convolution
from ..elementwise.binary import Binary
from ..elementwise.eltwise import Eltwise
from ..elementwise.power import Power


@layer("ChannelNorm")
class ChannelNorm(Layer):
    """y = (x - mean) / sqrt(variance + eps) over the channels, at each position of [N, C, H, W]."""

    eps: float = 1e-5

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        rows = "{0}.movedim(1, -1)"
        return Source(expr=f"F.layer_norm({rows}, {rows}.shape[-1:], eps={number(self.eps)}).movedim(-1, 1)")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """Means over the channels by convolutions with one filter: for every height, width and batch."""
        (x,), mean = inputs, Convolution(1, (1, 1), bias_term=False)
        weight = np.full((1, x.shape[1], 1, 1), 1 / x.shape[1], np.float32)
        centred = net.add(Binary("add"), x, net.add(mean, x, blobs=[-weight], name="mean"), name="centred")
        square = net.add(Eltwise("PROD"), centred, centred, name="square")
        variance = net.add(mean, square, blobs=[weight], name="variance")
        inverse = net.add(Power(power=-0.5, shift=self.eps), variance, name="inverse")
        return net.add(Binary("mul"), centred, inverse)
