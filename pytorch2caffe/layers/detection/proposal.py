"""Proposal: the regions of a Faster R-CNN's region proposal network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.graph import Shape
from ...graph.registry import Layer, Source, layer, number

CODE = '''
def proposal(scores, deltas, image, anchors, stride, before, after, overlap, least):
    """Faster R-CNN's Proposal. Returns regions [after, 5]: 0, left, top, right, bottom; those left over are zero.

    scores: [1, 2 * anchors, h, w], of which the second half is used. deltas [1, 4 * anchors, h, w].
    image:  its height, its width and its scale.
    """
    (height, width), count = scores.shape[2:], len(anchors)
    down, right = torch.meshgrid(torch.arange(height) * stride, torch.arange(width) * stride, indexing="ij")
    shifts = torch.stack([right, down, right, down], -1).to(scores.dtype)
    boxes = (shifts[:, :, None] + anchors).reshape(-1, 4)
    moved = deltas[0].reshape(count, 4, height, width).permute(2, 3, 0, 1).reshape(-1, 4)
    score = scores[0, count:].permute(1, 2, 0).reshape(-1)
    sides = boxes[:, 2:] - boxes[:, :2] + 1
    centre, sides = boxes[:, :2] + sides / 2 + moved[:, :2] * sides, moved[:, 2:].exp() * sides
    limits = image.reshape(-1)[[1, 0]] - 1
    low, high = ((centre + side * sides).clamp(min=0).minimum(limits).clamp(min=0) for side in (-0.5, 0.5))
    kept = (high - low + 1 >= least * image.reshape(-1)[2]).all(1)
    low, high, score = low[kept], high[kept], score[kept]
    order = score.sort(descending=True, stable=True)[1]
    left = torch.cat([torch.zeros_like(low[:, :1]), low, high, score[:, None]], 1)[order][: before or None]
    regions, found = scores.new_zeros(after, 6), 0
    while len(left) and found < after:
        best, left = left[0], left[1:]
        regions[found], found = best, found + 1
        common = torch.minimum(best[3:5], left[:, 3:5]) - torch.maximum(best[1:3], left[:, 1:3]) + 1
        common, area = common.clamp(min=0).prod(1), (best[3:5] - best[1:3] + 1).prod()
        left = left[common <= overlap * (area + (left[:, 3:5] - left[:, 1:3] + 1).prod(1) - common)]
    return regions[:, :5], regions[:, 5:]
'''


@layer("Proposal", param="proposal_param")
class Proposal(Layer):
    """Bottoms scores [1, 2 * A, h, w], deltas [1, 4 * A, h, w] and image [1, 3]: height, width, scale.

    Top regions [post_nms_topn, 5] (and their scores [post_nms_topn, 1]). Caffe leaves out the rows without a region;
    here as in OpenCV they are zero.  Source: Faster R-CNN, lib/rpn/proposal_layer.py and generate_anchors.py.
    """

    feat_stride: int = 16
    base_size: int = 16
    min_size: int = 16
    ratio: tuple[float, ...] = (0.5, 1.0, 2.0)
    scale: tuple[float, ...] = (8.0, 16.0, 32.0)
    pre_nms_topn: int = 6000
    post_nms_topn: int = 300
    nms_thresh: float = 0.7
    tops: int = 1

    @classmethod
    def from_caffe(  # type: ignore[override]
        cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray], tops: int = 1
    ) -> Layer:
        lists: dict[str, Any] = {name: tuple(param[name]) for name in ("ratio", "scale") if name in param}
        names = ("feat_stride", "base_size", "min_size", "pre_nms_topn", "post_nms_topn", "nms_thresh")
        return cls(**{name: param[name] for name in names if name in param}, **lists, tops=tops)

    def to_caffe(self) -> dict[str, Any]:
        return {name: value for name, value in self.settings().items() if name != "tops"}

    def anchors(self) -> np.ndarray:
        """The boxes around the first position [ratios * scales, 4]: left, top, right, bottom, in pixels."""
        widths = np.round(np.sqrt(self.base_size**2 / np.array(self.ratio)))
        sizes = np.stack([widths, np.round(widths * self.ratio)], 1)[:, None] * np.array(self.scale)[None, :, None]
        centre, half = (self.base_size - 1) / 2, (sizes.reshape(-1, 2) - 1) / 2
        return np.concatenate([centre - half, centre + half], 1).astype(np.float32)

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        found: list[Shape] = [(self.post_nms_topn, 5), (self.post_nms_topn, 1)]
        return found[: self.tops]

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        count, (scores, *rest) = len(self.ratio) * len(self.scale), shapes
        wanted = [(1, 4 * count, *scores[2:]), (1, 3)]
        if scores[:2] != (1, 2 * count) or [tuple(rest[0]), tuple(rest[-1][:2])] != wanted or self.post_nms_topn < 1:
            what = f"Proposal of {count} boxes a place with inputs of shape {list(map(list, shapes))}"
            raise Refused(what, f"give it [1, {2 * count}, H, W], [1, {4 * count}, H, W] and [1, 3]")
        numbers = (self.feat_stride, self.pre_nms_topn, self.post_nms_topn, number(self.nms_thresh), self.min_size)
        expr = f"proposal({{0}}, {{1}}, {{2}}, {{anchors}}, {', '.join(map(str, numbers))})"
        expr += "[0]" if self.tops == 1 else ""
        return Source(expr=expr, state={"anchors": self.anchors()}, define=CODE, fixed=True)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Any:
        what = "ncnn's Proposal measures the overlap of boxes without their last pixel, and gives no index of the image"
        raise Refused(what, "end the network before it (--end), and compute the regions")
