"""Yolov3DetectionOutput: the boxes of a YOLOv3 detector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.ncnn import Ncnn
from ...graph.graph import Shape
from ...graph.registry import Layer, Source, layer
from .yolo_output import CODE, YoloOutput


@layer("Yolov3DetectionOutput", param="yolov3_detection_output_param")
class Yolov3DetectionOutput(YoloOutput):
    """Bottoms [1, num_box * (5 + num_classes), h, w]. Top [1, 1, all boxes, 7]: 0, label from 1 on, score, corners.

    Caffe leaves out the rows without a box; here they are zero, at the end. Scores of classes by sigmoid. biases: width
    and height of all boxes, in pixels; mask: which of them each map has; anchors_scale: pixels to a cell of each map.
    Source: MobileNet-YOLO's fork of Caffe, yolov3_detection_output_layer.cpp.
    """

    num_classes: int
    num_box: int = 3
    anchors_scale: tuple[int, ...] = ()
    mask_group_num: int = 2
    mask: tuple[int, ...] = ()

    @classmethod
    def from_caffe(cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Layer:
        known = {field.name: param[field.name] for field in fields(cls) if field.name in param}
        settings: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in known.items()}
        return cls(**settings)

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        self._check(shapes)
        count, boxes = len(shapes), self.num_box
        if len(self.mask) != count * boxes or not len(self.anchors_scale) == self.mask_group_num == count:
            counts = f"{len(self.mask)} masks, {len(self.anchors_scale)} scales, mask_group_num: {self.mask_group_num}"
            raise Refused(f"{self.type} of {count} maps of {boxes} boxes with {counts}", "give each map its own")
        if max(self.mask) >= len(self.biases) / 2:
            raise Refused(f"{self.type} with mask {max(self.mask)} of {len(self.biases)} biases", "correct the mask")
        anchors = [self.mask[boxes * index : boxes * (index + 1)] for index in range(count)]
        return Source(expr=self._expression(shapes, anchors, self.anchors_scale), define=CODE)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        what = "ncnn's Yolov3DetectionOutput has another score: 1 / (1 + exp(-box) * (1 + exp(-class)))"
        raise Refused(what, "end the network before it (--end), and decode its maps")
