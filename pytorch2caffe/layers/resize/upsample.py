"""Upsample: each number repeated, a layer of forks of Caffe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer
from ..convolution.deconvolution import Deconvolution


@layer("Upsample", param="upsample_param")
class Upsample(Layer):
    """Each number of [N, C, H, W] repeated to a square of `scale` rows and columns.

    Source: YOLOv3's forks of Caffe, upsample_layer.cpp. Ascend's ATC names the field stride, and its scale is a factor.
    """

    moves_data = True

    scale: int = 2

    def to_caffe(self) -> dict[str, Any]:
        return {"scale": self.scale}

    @classmethod
    def from_caffe(cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Layer:
        others = ("scale_h", "scale_w", "stride_h", "stride_w", "upsample_h", "upsample_w")
        if other := [name for name in others if name in param]:
            raise Refused(f"Upsample of one bottom with {', '.join(other)}", "use one scale for both axes")
        if "stride" in param and param.get("scale", 1) != 1:
            raise Refused("Upsample with a factor", "use scale: 1, and a Power after it")
        return cls(int(param.get("stride", param.get("scale", 2))))

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(f"nn.Upsample(scale_factor={self.scale})")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """One depthwise Deconvolution by ones."""
        (x,) = inputs
        channels, size = x.shape[1], (self.scale, self.scale)
        ones = np.ones((channels, 1, *size), np.float32)
        return net.add(Deconvolution(channels, size, size, group=channels, bias_term=False), x, blobs=[ones])
