"""PriorBox: the default boxes of an SSD detector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import sqrt
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, from_torch, layer


@layer("PriorBox", param="prior_box_param")
class PriorBox(Layer):
    """Boxes around each position of bottom 0, relative to the image in bottom 1: [1, 2, h * w * boxes * 4].

    They depend on the shapes only.  Source: the SSD fork of Caffe, prior_box_layer.cpp.
    """

    min_size: tuple[float, ...]
    max_size: tuple[float, ...] = ()
    aspect_ratio: tuple[float, ...] = ()
    flip: bool = True
    clip: bool = False
    variance: tuple[float, ...] = (0.1,)
    img_h: int = 0
    img_w: int = 0
    step_h: float = 0.0
    step_w: float = 0.0
    offset: float = 0.5

    @classmethod
    def of(
        cls,
        min_sizes: Sequence[float],
        max_sizes: Sequence[float],
        aspect_ratios: Sequence[float],
        flip: bool,
        clip: bool,
        variances: Sequence[float],
        step: float,
        offset: float,
    ) -> PriorBox:
        """From the arguments of detection.prior_box. Raises Refused for sizes or variances that do not match."""
        given = (min_sizes, max_sizes, aspect_ratios, variances)
        lists = [tuple(float(np.float32(v)) for v in values) for values in given]
        if not lists[0] or len(lists[1]) not in (0, len(lists[0])) or len(lists[3]) not in (1, 4):
            raise Refused(
                f"prior_box with {len(lists[0])} min_sizes, {len(lists[1])} max_sizes, {len(lists[3])} variances",
                "give min_sizes, as many max_sizes or none, and 1 or 4 variances",
            )
        minimum, maximum, ratios, variance = lists
        steps = (float(step), float(step))
        return cls(minimum, maximum, ratios, bool(flip), bool(clip), variance, 0, 0, *steps, float(offset))

    def to_caffe(self) -> dict[str, Any]:
        lists = {name: list(getattr(self, name)) for name in ("min_size", "max_size", "aspect_ratio", "variance")}
        sizes = {name: value for name in ("img_h", "img_w", "step_h", "step_w") if (value := getattr(self, name))}
        settings = {name: values for name, values in lists.items() if values}
        return {**settings, "flip": self.flip, "clip": self.clip, **sizes, "offset": self.offset}

    @classmethod
    def from_caffe(cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Layer:
        size, step = param.get("img_size", 0), param.get("step", 0.0)
        return cls(
            min_size=tuple(param.get("min_size", ())),
            max_size=tuple(param.get("max_size", ())),
            aspect_ratio=tuple(param.get("aspect_ratio", ())),
            flip=param.get("flip", True),
            clip=param.get("clip", False),
            variance=tuple(param.get("variance", (0.1,))),
            img_h=param.get("img_h", size),
            img_w=param.get("img_w", size),
            step_h=param.get("step_h", step),
            step_w=param.get("step_w", step),
            offset=param.get("offset", 0.5),
        )

    def boxes(self, feature: Sequence[int], image: Sequence[int]) -> np.ndarray:
        """The boxes and their variances, [1, 2, h * w * boxes * 4], for inputs of these shapes."""
        (h, w), (height, width) = feature[2:], (self.img_h or image[2], self.img_w or image[3])
        step_h, step_w = self.step_h or height / h, self.step_w or width / w
        y, x = np.meshgrid((np.arange(h) + self.offset) * step_h, (np.arange(w) + self.offset) * step_w, indexing="ij")
        corners = [
            np.stack([(x - bw / 2) / width, (y - bh / 2) / height, (x + bw / 2) / width, (y + bh / 2) / height], -1)
            for bw, bh in self._sizes()
        ]
        boxes = np.stack(corners, 2).reshape(-1)
        boxes = np.clip(boxes, 0, 1) if self.clip else boxes
        variance = np.resize(self.variance, boxes.size)
        return np.stack([boxes, variance])[None].astype(np.float32)

    def _sizes(self) -> Iterator[tuple[float, float]]:
        """Width and height of each box at a position, in pixels of the image, in Caffe's order."""
        ratios = [1.0]
        for ratio in self.aspect_ratio:
            if all(abs(ratio - known) >= 1e-6 for known in ratios):
                ratios += [ratio, 1 / ratio] if self.flip else [ratio]
        for index, size in enumerate(self.min_size):
            yield size, size
            if self.max_size:
                side = sqrt(size * self.max_size[index])
                yield side, side
            yield from ((size * sqrt(ratio), size / sqrt(ratio)) for ratio in ratios[1:])

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="{boxes}.clone()", state={"boxes": self.boxes(*shapes)}, fixed=True)

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        return net.constant(self.boxes(*(value.shape for value in inputs)))


@from_torch("pytorch2caffe.detection.prior_box")
def prior_box(
    net: Builder,
    feature: Value,
    image: Value,
    min_sizes: Sequence[float],
    max_sizes: Sequence[float] = (),
    aspect_ratios: Sequence[float] = (),
    flip: bool = True,
    clip: bool = False,
    variances: Sequence[float] = (0.1, 0.1, 0.2, 0.2),
    step: float = 0.0,
    offset: float = 0.5,
) -> Value:
    boxes = PriorBox.of(min_sizes, max_sizes, aspect_ratios, flip, clip, variances, step, offset)
    return net.add(boxes, feature, image)
