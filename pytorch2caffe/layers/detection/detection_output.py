"""DetectionOutput: decodes the boxes of an SSD detector and suppresses those that overlap."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.ncnn import Ncnn, SeveralSamples
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ...graph.registry import Layer, Source, from_torch, layer, number

CODE = '''
def detection_output(loc, conf, prior, classes, background, overlap, top_k, keep, threshold):
    """SSD's DetectionOutput. Returns [1, 1, N * keep, 7], rows by falling confidence; those left over are zero."""
    images, boxes = loc.shape[0], prior.shape[2] // 4
    if loc.is_meta:  # asked for its shape only
        return loc.new_empty(1, 1, images * keep, 7)
    corners, variance = prior[0].reshape(2, boxes, 4)
    size, centre = corners[:, 2:] - corners[:, :2], (corners[:, 2:] + corners[:, :2]) / 2
    loc, conf = loc.reshape(images, boxes, 4), conf.reshape(images, boxes, classes)
    centre = variance[:, :2] * loc[..., :2] * size + centre
    half = torch.exp(variance[:, 2:] * loc[..., 2:]) * size / 2
    found = torch.cat([centre - half, centre + half], 2)
    labels = [label for label in range(classes) if label != background]
    rows = []
    for image in range(images):
        score, order = conf[image, :, labels].T.topk(min(top_k, boxes), 1)
        box = found[image][order]  # [labels, top_k, 4]
        low = torch.maximum(box[:, :, None, :2], box[:, None, :, :2])
        high = torch.minimum(box[:, :, None, 2:], box[:, None, :, 2:])
        common = (high - low).clamp(min=0).prod(3)
        area = (box[..., 2:] - box[..., :2]).prod(2)
        close = common / (area[:, :, None] + area[:, None] - common) > overlap
        kept = score > threshold
        for i in range(score.shape[1] - 1):
            kept[:, i + 1 :] &= ~(close[:, i, i + 1 :] & kept[:, i : i + 1])
        label = torch.tensor(labels, dtype=loc.dtype)[:, None].expand_as(score)
        every = torch.cat([torch.full_like(score, image)[..., None], label[..., None], score[..., None], box], 2)
        every, kept = every.flatten(0, 1), kept.flatten()
        best = torch.where(kept, every[:, 2], -1.0).sort(descending=True, stable=True)[1][:keep]
        row = torch.where(kept[best, None], every[best], 0.0)
        rows.append(torch.cat([row, row.new_zeros(keep - row.shape[0], 7)]))
    every = torch.cat(rows)
    return every[(every[:, 2] == 0).float().sort(stable=True)[1]][None, None]
'''


@layer("DetectionOutput", param="detection_output_param")
class DetectionOutput(Layer):
    """Bottoms loc [N, boxes * 4], conf [N, boxes * classes], priors [1, 2, boxes * 4].

    Top [1, 1, N * keep_top_k, 7]; Caffe leaves out the rows without a box, here as in OpenCV they are zero.
    Boxes are coded by centre and size, and shared by all classes.
    Source: the SSD fork of Caffe, detection_output_layer.cpp.
    """

    num_classes: int
    background_label_id: int = 0
    nms_threshold: float = 0.45
    top_k: int = 400
    keep_top_k: int = 200
    confidence_threshold: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.keep_top_k < 1 or self.top_k < 1:
            raise Refused(
                "DetectionOutput without a limit on the number of boxes", "set keep_top_k and nms_param.top_k"
            )

    def to_caffe(self) -> dict[str, Any]:
        return {
            "num_classes": self.num_classes,
            "share_location": True,
            "background_label_id": self.background_label_id,
            "nms_param": {"nms_threshold": self.nms_threshold, "top_k": self.top_k},
            "code_type": "CENTER_SIZE",
            "keep_top_k": self.keep_top_k,
            "confidence_threshold": self.confidence_threshold,
        }

    @classmethod
    def from_caffe(cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Layer:
        nms = param.get("nms_param", {})
        if param.get("code_type", "CORNER") != "CENTER_SIZE" or not param.get("share_location", True):
            raise Refused(
                "DetectionOutput with boxes not coded by centre and size, or not shared", "use code_type: CENTER_SIZE"
            )
        if param.get("variance_encoded_in_target", False) or nms.get("eta", 1.0) != 1:
            raise Refused("DetectionOutput with variance_encoded_in_target or an adaptive threshold", "leave them out")
        background, keep = param.get("background_label_id", 0), param.get("keep_top_k", -1)
        low = param.get("confidence_threshold", -3.4e38)
        return cls(param["num_classes"], background, nms.get("nms_threshold", 0.3), nms.get("top_k", -1), keep, low)

    def _check(self, shapes: Sequence[Shape]) -> None:
        """Raises Refused unless there are four locations, num_classes confidences and a prior for each box."""
        if len(shapes) != 3 or len(shapes[2]) != 3 or shapes[2][1] != 2:
            what = f"DetectionOutput of inputs of shape {list(map(list, shapes))}"
            raise Refused(what, "give it locations, confidences and priors [1, 2, boxes * 4]")
        loc, conf, prior = shapes
        boxes = [prod(loc[1:]) / 4, prod(conf[1:]) / self.num_classes, prior[2] / 4]
        if len(set(boxes)) > 1 or loc[0] != conf[0]:
            counts = ", ".join(f"{count:g}" for count in boxes)
            what = f"DetectionOutput of locations, confidences and priors for {counts} boxes"
            raise Refused(what, "give the layers before it as many outputs as the PriorBox has boxes at each place")

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        self._check(shapes)
        numbers = (self.num_classes, self.background_label_id, number(self.nms_threshold), self.top_k, self.keep_top_k)
        arguments = ", ".join(map(str, (*numbers, number(self.confidence_threshold))))
        return Source(expr=f"detection_output({{0}}, {{1}}, {{2}}, {arguments})", define=CODE)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """ncnn gives a row for each box that is left: label, score and corners, without the index of the image."""
        self._check(shapes)
        if shapes[0][0] != 1:
            raise SeveralSamples(f"a batch of {shapes[0][0]}; ncnn accepts one sample at a time", "use a batch of 1")
        if self.background_label_id != 0:
            raise Refused("ncnn's DetectionOutput takes label 0 for the background", "set background_label_id: 0")
        counts = {0: self.num_classes, 2: self.top_k, 3: self.keep_top_k}
        thresholds = {1: self.nms_threshold, 4: self.confidence_threshold}
        boxes = shapes[2][2] // 4
        reads = ((boxes * 4,), (boxes * self.num_classes,), (2, boxes * 4))
        return Ncnn("DetectionOutput", dict(sorted({**counts, **thresholds}.items())), (), reads)

    def from_ncnn(self, blob: np.ndarray, shape: Shape) -> np.ndarray:
        rows = np.zeros((prod(shape) // 7, 7), np.float32)
        found = blob.reshape(-1, 6)
        rows[: len(found), 1:] = found
        return rows.reshape(shape)


@from_torch("pytorch2caffe.detection.detection_output")
def detection_output(
    net: Builder,
    loc: Operand,
    conf: Operand,
    prior: Operand,
    num_classes: int,
    background_label_id: int = 0,
    nms_threshold: float = 0.45,
    top_k: int = 400,
    keep_top_k: int = 200,
    confidence_threshold: float = 0.01,
) -> Value:
    output = DetectionOutput(num_classes, background_label_id, nms_threshold, top_k, keep_top_k, confidence_threshold)
    return net.add(output, loc, conf, prior)
