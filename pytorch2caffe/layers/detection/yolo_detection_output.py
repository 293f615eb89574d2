"""YoloDetectionOutput: the boxes of a YOLOv2 detector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.ncnn import Ncnn
from ...graph.graph import Shape
from ...graph.registry import Layer, Source, layer
from .yolo_output import CODE, YoloOutput


@layer("YoloDetectionOutput", param="yolo_detection_output_param")
class YoloDetectionOutput(YoloOutput):
    """Bottoms [1, num_box * (5 + num_classes), s, s]. Top [1, 1, all boxes, 7]: 0, label from 1 on, score, corners.

    Caffe leaves out the rows without a box; here they are zero, at the end. Scores of classes by softmax; biases: width
    and height of the boxes, in cells. Source: MobileNet-YOLO's fork of Caffe, yolo_detection_output_layer.cpp.
    """

    @classmethod
    def from_caffe(cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Layer:
        for name in ("side", "label_map_file"):  # overwritten by the size of the map; names for display
            param.get(name)
        threshold, overlap = param.get("confidence_threshold", 0.01), param.get("nms_threshold", 0.45)
        return cls(param["num_classes"], param.get("num_box", 5), threshold, overlap, tuple(param.get("biases", ())))

    def _check(self, shapes: Sequence[Shape]) -> None:
        super()._check(shapes)
        if len(self.biases) != 2 * self.num_box:
            what = f"{self.type} of {self.num_box} boxes with {len(self.biases)} biases"
            raise Refused(what, "give a width and a height for each box")
        if any(shape[2] != shape[3] for shape in shapes) or len(shapes) > 2:
            raise Refused(f"{self.type} of {list(map(list, shapes))}", "give it one or two square maps")

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        self._check(shapes)
        boxes = [range(self.num_box)] * len(shapes)
        return Source(expr=self._expression(shapes, boxes, [1] * len(shapes)), define=CODE)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """ncnn gives a row for each box that is left: label, score and corners."""
        self._check(shapes)
        settings = {0: self.num_classes, 1: self.num_box, 2: self.confidence_threshold, 3: self.nms_threshold}
        return Ncnn("YoloDetectionOutput", {**settings, 4: self.biases})
