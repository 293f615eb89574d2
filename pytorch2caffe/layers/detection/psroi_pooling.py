"""PSROIPooling: the averages of a grid of windows within each region, each of channels of its own; R-FCN's layer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import Refused
from ...formats.ncnn import Ncnn
from ...graph.graph import Shape
from ...graph.registry import Layer, Source, layer, number
from .roi_pooling import regions

CODE = '''
def psroi_pooling(x, rois, cells, scale):
    """R-FCN's PSROIPooling. rois [R, 5]: image, left, top, right, bottom. Returns [R, C / cells^2, cells, cells]."""
    rois = rois.reshape(-1, 5)
    corners = rois[:, 1:].sign() * (rois[:, 1:].abs() + 0.5).floor()  # half away from zero, as round() in C
    starts, ends = corners[:, :2] * scale, (corners[:, 2:] + 1.0) * scale
    steps = (ends - starts).clamp(min=0.1) / cells
    index = torch.arange(cells, dtype=x.dtype)
    low = (index * steps[..., None] + starts[..., None]).floor()  # [R, 2, cells]
    high = ((index + 1) * steps[..., None] + starts[..., None]).ceil()
    pooled = x.new_zeros(rois.shape[0], x.shape[1] // cells**2, cells, cells)
    maps = x.unflatten(1, (-1, cells, cells))
    for region in range(rois.shape[0]):
        spans = []
        for axis, size in ((1, x.shape[2]), (0, x.shape[3])):
            spans.append(torch.stack([low[region, axis], high[region, axis]], 1).clamp(0, size).long().tolist())
        image = maps[int(rois[region, 0])]
        for i, (y0, y1) in enumerate(spans[0]):
            for j, (x0, x1) in enumerate(spans[1]):
                if y1 > y0 and x1 > x0:
                    pooled[region, :, i, j] = image[:, i, j, y0:y1, x0:x1].mean((1, 2))
    return pooled
'''


@layer("PSROIPooling", param="psroi_pooling_param")
class PSROIPooling(Layer):
    """Bottoms [N, output_dim * group_size^2, H, W] and regions [R, 5]. Top [R, output_dim, group_size, group_size].

    Source: R-FCN's fork of Caffe, psroi_pooling_layer.cu.
    """

    spatial_scale: float
    output_dim: int
    group_size: int

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        return [(regions(shapes), self.output_dim, self.group_size, self.group_size)]

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        what = "ncnn's PSROIPooling is of one region of four numbers, without the index of its image"
        raise Refused(what, "end the network before it (--end), and run the layer for each region")

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        if shapes[0][1] != self.output_dim * self.group_size**2:
            what = f"PSROIPooling of {shapes[0][1]} channels to {self.output_dim} x {self.group_size}^2"
            raise Refused(what, "make output_dim * group_size^2 its channels")
        arguments = f"{self.group_size}, {number(self.spatial_scale)}"
        return Source(expr=f"psroi_pooling({{0}}, {{1}}, {arguments})", define=CODE)
