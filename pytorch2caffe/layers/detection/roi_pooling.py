"""ROIPooling: the maxima of a grid of windows within each region, the layer of Fast R-CNN."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import Refused
from ...formats.ncnn import Ncnn
from ...graph.graph import Shape
from ...graph.registry import Layer, Source, layer, number

CODE = '''
def roi_pooling(x, rois, height, width, scale):
    """Fast R-CNN's ROIPooling. rois [R, 5]: image, left, top, right, bottom. Returns [R, C, height, width]."""
    rois = rois.reshape(-1, 5)
    edges = rois[:, 1:] * scale
    edges = (edges.sign() * (edges.abs() + 0.5).floor()).long()  # half away from zero, as round() in C
    pooled = x.new_zeros(rois.shape[0], x.shape[1], height, width)
    for region, (left, top, right, bottom) in enumerate(edges.tolist()):
        spans = []
        for start, end, cells, size in ((top, bottom, height, x.shape[2]), (left, right, width, x.shape[3])):
            step = torch.tensor(max(end - start + 1, 1), dtype=x.dtype) / cells
            low = (torch.arange(cells, dtype=x.dtype) * step).floor() + start
            high = (torch.arange(1, cells + 1, dtype=x.dtype) * step).ceil() + start
            spans.append(torch.stack([low, high], 1).clamp(0, size).long().tolist())
        image = x[int(rois[region, 0])]
        for i, (y0, y1) in enumerate(spans[0]):
            for j, (x0, x1) in enumerate(spans[1]):
                if y1 > y0 and x1 > x0:
                    pooled[region, :, i, j] = image[:, y0:y1, x0:x1].amax((1, 2))
    return pooled
'''


@layer("ROIPooling", param="roi_pooling_param")
class ROIPooling(Layer):
    """Bottoms [N, C, H, W] and regions [R, 5] of image, left, top, right, bottom. Top [R, C, pooled_h, pooled_w].

    Source: Fast R-CNN's fork of Caffe, roi_pooling_layer.cpp.
    """

    pooled_h: int = 0
    pooled_w: int = 0
    spatial_scale: float = 1.0

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        return [(regions(shapes), shapes[0][1], self.pooled_h, self.pooled_w)]

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        what = "ncnn's ROIPooling is of one region of four numbers, without the index of its image"
        raise Refused(what, "end the network before it (--end), and run the layer for each region")

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        if min(self.pooled_h, self.pooled_w) < 1:
            raise Refused("ROIPooling without a size", "set pooled_h and pooled_w")
        scale = number(self.spatial_scale)
        return Source(expr=f"roi_pooling({{0}}, {{1}}, {self.pooled_h}, {self.pooled_w}, {scale})", define=CODE)


def regions(shapes: Sequence[Shape]) -> int:
    """The number of regions in the second of two inputs. Raises Refused if that does not have regions."""
    if len(shapes) != 2 or len(shapes[0]) != 4 or int(np.prod(shapes[1])) != 5 * shapes[1][0]:
        raise Refused(f"regions of shape {list(map(list, shapes))}", "give it [N, C, H, W] and [R, 5]")
    return int(shapes[1][0])
