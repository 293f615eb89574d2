"""Interp: bilinear resizing with aligned corners, a layer of forks of Caffe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer
from ..linear.linear_map import linear_map
from .resample import resampling_matrix


@layer("Interp", param="interp_param")
class Interp(Layer):
    """[N, C, H, W] resized to [N, C, height, width], bilinear, the corners on the corners.

    Source: DeepLab's and PSPNet's forks of Caffe, interp_layer.cpp.
    """

    height: int = 0
    width: int = 0

    @classmethod
    def from_caffe(cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Layer:
        """The size is given, or is that of the second bottom, or follows from shrink_factor, then zoom_factor."""
        if param.get("pad_beg", 0) or param.get("pad_end", 0):
            raise Refused("Interp with pad_beg or pad_end", "crop or pad in a layer of its own")
        if len(shapes) != 1:
            raise Refused("Interp to the size of a second bottom", "set height and width")
        shrink, zoom = param.get("shrink_factor", 1), param.get("zoom_factor", 1)
        rows, columns = ((size - 1) // shrink + 1 for size in shapes[0][2:])
        height, width = (size + (size - 1) * (zoom - 1) for size in (rows, columns))
        return cls(param.get("height", 0) or height, param.get("width", 0) or width)

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        size = (self.height, self.width)
        return Source(expr=f'F.interpolate({{0}}, size={size}, mode="bilinear", align_corners=True)')

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """A fixed matrix along each axis."""
        (x,) = inputs
        for axis, size in ((2, self.height), (3, self.width)):
            if size != x.shape[axis]:
                matrix = resampling_matrix("linear", x.shape[axis], size, 0.0, True)
                x = linear_map(net, x, axis, matrix, name="axis")
        return x
