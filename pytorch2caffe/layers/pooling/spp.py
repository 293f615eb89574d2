"""SPP: spatial pyramid pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer
from ..shape.concat import Concat
from ..shape.flatten import Flatten
from .pooling import Pooling


@layer("SPP", param="spp_param")
class SPP(Layer):
    """The input pooled into 1x1, 2x2, 4x4 ... windows, pyramid_height grids, concatenated: [N, C * windows].

    With a height of 1 it is global pooling: [N, C, 1, 1].

    Source: BVLC Caffe, spp_layer.cpp.
    """

    pyramid_height: int
    pool: str = "MAX"

    def _levels(self, shape: Sequence[int]) -> list[Pooling]:
        """A Pooling for each grid, for an input of this shape."""
        if self.pool == "STOCHASTIC":
            raise Refused("stochastic pooling is random", "use MAX or AVE")
        if len(shape) != 4:
            raise Refused(f"SPP of {len(shape)} axes", "Caffe pools 4 axes: N, C, H, W")
        levels = []
        for level in range(self.pyramid_height):
            bins = 1 << min(level, 32)
            if bins > min(shape[2:]):
                raise Refused(
                    f"SPP of height {self.pyramid_height}: {bins} windows along {min(shape[2:])} pixels",
                    "choose a smaller pyramid_height",
                )
            (kh, ph), (kw, pw) = (_window(size, bins) for size in shape[2:])
            levels.append(Pooling(self.pool, kh, kw, kh, kw, ph, pw))
        return levels

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        parts = []
        for pooling in self._levels(shapes[0]):
            source = pooling.to_torch(shapes, [])
            parts.append((source.expr or "{module}({0})").replace("{module}", source.module))
        if len(parts) == 1:
            return Source(expr=parts[0])
        return Source(expr=f"torch.cat(({', '.join(f'{part}.flatten(1)' for part in parts)}), 1)")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        levels = [net.add(pooling, *inputs, name="pool") for pooling in self._levels(inputs[0].shape)]
        if len(levels) == 1:
            return levels[0]
        return net.add(Concat(1), *(net.add(Flatten(), level, name="row") for level in levels), name="rows")


def _window(size: int, bins: int) -> tuple[int, int]:
    """The kernel, which equals the stride, and the padding for `bins` windows along an axis."""
    kernel = -(-size // bins)
    return kernel, (kernel * bins - size + 1) // 2
