"""Im2col: each window of the input as a column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.graph import Shape
from ...graph.registry import Layer, Source, layer
from .kernel import as_argument, read_sizes, size_fields


@layer("Im2col", param="convolution_param")
class Im2col(Layer):
    """[N, C, H, W] to [N, C * kernel h * kernel w, windows down, windows across].

    Source: BVLC Caffe, im2col_layer.cpp.
    """

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...] = (1, 1)
    pad: tuple[int, ...] = (0, 0)
    dilation: tuple[int, ...] = (1, 1)

    def to_caffe(self) -> dict[str, Any]:
        param: dict[str, Any] = {}
        for name, default in (("pad", 0), ("kernel_size", None), ("stride", 1), ("dilation", 1)):
            param.update(size_fields(name, getattr(self, name), default))
        return param

    @classmethod
    def from_caffe(cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Layer:
        if len(shapes[0]) != 4 or param.get("axis", 1) not in (1, -3):
            raise Refused("Im2col of an input that is not N, C, H, W", "use 4 axes, the channels second")
        return cls(
            read_sizes(param, "kernel_size", "kernel", 2, None),
            read_sizes(param, "stride", "stride", 2, 1),
            read_sizes(param, "pad", "pad", 2, 0),
            read_sizes(param, "dilation", "dilation", 2, 1),
        )

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        text = as_argument(self.kernel_size)
        settings = ("dilation", self.dilation, 1), ("padding", self.pad, 0), ("stride", self.stride, 1)
        for name, values, default in settings:
            text += f", {name}={as_argument(values)}" if set(values) != {default} else ""
        down, across = (
            (size + 2 * p - d * (k - 1) - 1) // s + 1
            for size, k, s, p, d in zip(
                shapes[0][2:], self.kernel_size, self.stride, self.pad, self.dilation, strict=True
            )
        )
        return Source(f"nn.Unfold({text})", f"{{module}}({{0}}).unflatten(2, ({down}, {across}))")
