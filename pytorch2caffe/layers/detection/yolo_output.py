"""What YoloDetectionOutput and Yolov3DetectionOutput have in common: boxes from maps, and their suppression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from ...errors import Refused
from ...graph.graph import Shape
from ...graph.registry import Layer, number

CODE = '''
def yolo_output(maps, classes, threshold, overlap, anchors, scales, softmax):
    """The boxes of YOLO's maps [1, boxes * (5 + classes), h, w]; returns [1, 1, all boxes, 7], those left over zero.

    anchors: for each map the width and height of its boxes, in pixels of an image of h * scale and w * scale.
    """
    found = []
    for x, sizes, scale in zip(maps, anchors, scales):
        (height, width), sizes = x.shape[2:], torch.tensor(sizes, dtype=x.dtype)[:, :, None, None]
        x = x.reshape(len(sizes), 5 + classes, height, width)
        score, label = (x[:, 5:].softmax(1) if softmax else x[:, 5:].sigmoid()).max(1)
        column, row = torch.arange(width, dtype=x.dtype), torch.arange(height, dtype=x.dtype)[:, None]
        centre = [(column + x[:, 0].sigmoid()) / width, (row + x[:, 1].sigmoid()) / height]
        half = [x[:, 2].exp() * sizes[:, 0] / (width * scale) / 2, x[:, 3].exp() * sizes[:, 1] / (height * scale) / 2]
        box = [centre[0] - half[0], centre[1] - half[1], centre[0] + half[0], centre[1] + half[1]]
        head = [torch.zeros_like(score), label.to(x.dtype) + 1, x[:, 4].sigmoid() * score]
        found.append(torch.stack([*head, *box], -1).reshape(-1, 7))
    found = torch.cat(found)
    left = found[found[:, 2] > threshold]
    left = left[left[:, 2].sort(descending=True, stable=True)[1]]
    rows = []
    while len(left):
        best, rest = left[0], left[1:]
        rows.append(best)
        common = (torch.minimum(best[5:], rest[:, 5:]) - torch.maximum(best[3:5], rest[:, 3:5])).clamp(min=0).prod(1)
        area, areas = (best[5:] - best[3:5]).prod(), (rest[:, 5:] - rest[:, 3:5]).prod(1)
        left = rest[common < overlap * (area + areas - common)]
    result = torch.zeros_like(found)
    if rows:
        result[: len(rows)] = torch.stack(rows)
    return result[None, None]
'''


@dataclass(frozen=True)
class YoloOutput(Layer):
    """Bottoms [1, num_box * (5 + num_classes), h, w]. Top [1, 1, all boxes, 7]: 0, label from 1 on, score, corners.

    Rows by falling score. Caffe leaves out the rows without a box; here they are zero.
    """

    num_classes: int
    num_box: int
    confidence_threshold: float = 0.01
    nms_threshold: float = 0.45
    biases: tuple[float, ...] = ()

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        return [(1, 1, sum(self.num_box * prod(shape[2:]) for shape in shapes), 7)]

    def _check(self, shapes: Sequence[Shape]) -> None:
        channels = self.num_box * (5 + self.num_classes)
        if any(len(shape) != 4 or shape[:2] != (1, channels) for shape in shapes):
            what = f"{self.type} of {self.num_box} boxes and {self.num_classes} classes of {list(map(list, shapes))}"
            raise Refused(what, f"give it maps of shape [1, {channels}, H, W]")

    def _expression(self, shapes: Sequence[Shape], anchors: Sequence[Sequence[int]], scales: Sequence[int]) -> str:
        """The call; anchors: for each map the indices of its boxes among the biases."""
        pairs = [f"({number(w)}, {number(h)})" for w, h in zip(self.biases[::2], self.biases[1::2], strict=True)]
        sizes = ", ".join(f"[{', '.join(pairs[index] for index in one)}]" for one in anchors)
        maps = ", ".join(f"{{{index}}}" for index in range(len(shapes)))
        settings = f"{self.num_classes}, {number(self.confidence_threshold)}, {number(self.nms_threshold)}"
        softmax = self.type == "YoloDetectionOutput"
        return f"yolo_output([{maps}], {settings}, [{sizes}], {list(scales)}, {softmax})"

    def from_ncnn(self, blob: np.ndarray, shape: Shape) -> np.ndarray:
        rows = np.zeros((prod(shape) // 7, 7), np.float32)
        if blob.ndim == 3:  # without a box it returns its input, a map
            rows[: blob.shape[1], 1:] = blob[0]
        return rows.reshape(shape)
