"""FlowWarp: an image moved by a flow field, the layer of FlowNet 2's fork of Caffe."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.graph import Shape
from ...graph.registry import Layer, Source, layer, number

# Used by DeformableConvolution too.
SAMPLED = '''
def sampled_inside(x, rows, columns, outside):
    """The maps x [N, C, H, W] between their pixels at rows and columns [N, h, w]: [N, C, h, w].

    Beyond the last row or column, that is repeated; at H, at W and below 0 it is `outside`.
    """
    (n, c, height, width), shape = x.shape, rows.shape[1:]
    inside = (rows >= 0) & (columns >= 0) & (rows < height) & (columns < width)
    rows, columns = torch.where(inside, rows, 0.0), torch.where(inside, columns, 0.0)
    top, left = rows.floor(), columns.floor()
    down, right = (rows - top)[:, None], (columns - left)[:, None]

    def at(row, column):
        index = row.clamp(max=height - 1) * width + column.clamp(max=width - 1)
        index = index.long().reshape(n, 1, -1).expand(n, c, -1)
        return x.reshape(n, c, -1).gather(2, index).reshape(n, c, *shape)

    upper = (1 - right) * at(top, left) + right * at(top, left + 1)
    lower = (1 - right) * at(top + 1, left) + right * at(top + 1, left + 1)
    return torch.where(inside[:, None], (1 - down) * upper + down * lower, outside)
'''
CODE = f'''{SAMPLED}

def flow_warp(x, flow, outside):
    """FlowNet 2's FlowWarp. flow [N, 2, H, W]: how far to the right and down from each pixel to sample x."""
    columns = torch.arange(x.shape[3], dtype=x.dtype) + flow[:, 0]
    rows = torch.arange(x.shape[2], dtype=x.dtype)[:, None] + flow[:, 1]
    return sampled_inside(x, rows, columns, outside)
'''


@layer("FlowWarp", param="flow_warp_param")
class FlowWarp(Layer):
    """Bottoms image [N, C, H, W] and flow [N, 2, H, W]: to the right, down. Top [N, C, H, W], bilinear.

    Outside of the image it is 0, or NaN with fill_value: NOT_A_NUMBER.
    Source: FlowNet 2's fork of Caffe, flow_warp_layer.cpp.
    """

    fill_value: str = "ZERO"

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        return [shapes[0]]

    def finite(self, inputs: Sequence[Any]) -> bool:
        return self.fill_value == "ZERO"

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        image, *flow = shapes
        if len(image) != 4 or flow != [(image[0], 2, *image[2:])]:
            raise Refused(f"FlowWarp of shapes {list(map(list, shapes))}", "give it [N, C, H, W] and [N, 2, H, W]")
        outside = 0.0 if self.fill_value == "ZERO" else nan
        return Source(expr=f"flow_warp({{0}}, {{1}}, {number(outside)})", define=CODE)
