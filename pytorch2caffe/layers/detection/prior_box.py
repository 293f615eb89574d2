"""The default boxes of an SSD detector."""

from __future__ import annotations

from collections.abc import Sequence
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
    """Boxes around the places of bottom 0, relative to the image in bottom 1: [1, 2, h * w * boxes * 4].

    They depend on the sizes alone.  Source: the SSD fork of Caffe, prior_box_layer.cpp.
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
        min_sizes: Any,
        max_sizes: Any,
        aspect_ratios: Any,
        flip: Any,
        clip: Any,
        variances: Any,
        step: Any,
        offset: Any,
    ) -> Any:
        """From the arguments of detection.prior_box. Raises Refused for what makes no boxes."""
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
        lists = {name: tuple(param.get(name, ())) for name in ("min_size", "max_size", "aspect_ratio")}
        size, step = param.get("img_size", 0), param.get("step", 0.0)
        sizes = {f"img_{a}": param.get(f"img_{a}", size) for a in "hw"}
        steps = {f"step_{a}": param.get(f"step_{a}", step) for a in "hw"}
        rest = {"flip": param.get("flip", True), "clip": param.get("clip", False), "offset": param.get("offset", 0.5)}
        return cls(**lists, variance=tuple(param.get("variance", (0.1,))), **sizes, **steps, **rest)

    def boxes(self, feature: Any, image: Any) -> Any:
        """[1, 2, h * w * boxes * 4] for inputs of these shapes."""
        (h, w), (height, width) = feature[2:], (self.img_h or image[2], self.img_w or image[3])
        step_h, step_w = self.step_h or height / h, self.step_w or width / w
        y, x = np.meshgrid((np.arange(h) + self.offset) * step_h, (np.arange(w) + self.offset) * step_w, indexing="ij")
        corners = [
            np.stack([(x - bw / 2) / width, (y - bh / 2) / height, (x + bw / 2) / width, (y + bh / 2) / height], -1)
            for bw, bh in self._sizes()
        ]
        found = np.stack(corners, 2).reshape(-1)
        found = np.clip(found, 0, 1) if self.clip else found
        variance = np.resize(self.variance, found.size)
        return np.stack([found, variance])[None].astype(np.float32)

    def _sizes(self) -> Any:
        """Width and height of each box at a place, in pixels of the image, in Caffe's order."""
        ratios = [1.0]
        for ratio in self.aspect_ratio:
            if all(abs(ratio - known) >= 1e-6 for known in ratios):
                ratios += [ratio, 1 / ratio] if self.flip else [ratio]
        for index, size in enumerate(self.min_size):
            yield size, size
            if self.max_size:
                yield (sqrt(size * self.max_size[index]),) * 2
            yield from ((size * sqrt(ratio), size / sqrt(ratio)) for ratio in ratios[1:])

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="{boxes}.clone()", state={"boxes": self.boxes(*shapes)}, fixed=True)

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        return net.constant(self.boxes(*(value.shape for value in inputs)))


@from_torch("pytorch2caffe.detection.prior_box")
def prior_box(
    net: Builder,
    feature: Value,
    image: Value,
    min_sizes: Any,
    max_sizes: Any = (),
    aspect_ratios: Any = (),
    flip: bool = True,
    clip: bool = False,
    variances: Any = (0.1, 0.1, 0.2, 0.2),
    step: float = 0.0,
    offset: float = 0.5,
) -> Any:
    made = PriorBox.of(min_sizes, max_sizes, aspect_ratios, flip, clip, variances, step, offset)
    return net.add(made, feature, image)
