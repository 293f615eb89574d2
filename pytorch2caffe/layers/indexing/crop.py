"""Crop: one input cut to the size of another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, from_ir, layer
from .cut import crop


@layer("Crop", param="crop_param")
class Crop(Layer):
    """The first input from `offset` on, as large as the second, along `axis` and all axes after it.

    offset: one number for all of them, or one for each; 0 if there is none.  Source: BVLC Caffe, crop_layer.cpp.
    """

    moves_data = True

    axis: int = 2
    offset: tuple[int, ...] = ()

    def to_caffe(self) -> dict[str, Any]:
        """With the offset, even if it is 0: MNN's converter does not know the default."""
        settings = {"axis": self.axis} if self.axis != 2 else {}
        return settings | {"offset": list(self.offset or (0,))}

    @classmethod
    def from_caffe(cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Layer:
        offset = tuple(param.get("offset", ()))
        return cls(param.get("axis", 2), offset if any(offset) else ())

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        if len(shapes) != 2:
            raise Refused(f"Crop of {len(shapes)} inputs", "give it two bottoms: what is cut, and what has the size")
        x, size = shapes
        start = self.axis % len(x)
        count = len(x) - start
        if len(self.offset) not in (0, 1, count):
            raise Refused(f"Crop with {len(self.offset)} offsets for {count} axes", "give one, or one for each axis")
        offsets = self.offset * count if len(self.offset) == 1 else self.offset or (0,) * count
        slices = [":"] * start
        for axis, offset in zip(range(start, len(x)), offsets, strict=True):
            if len(size) != len(x) or offset + size[axis] > x[axis]:
                raise Refused(f"Crop of {list(x)} to {list(size)} from {list(offsets)} on", "choose smaller offsets")
            end = f"{{1}}.shape[{axis}]"
            slices.append(f"{offset} : {offset} + {end}" if offset else f": {end}")
        return Source(expr=f"{{0}}[{', '.join(slices)}]")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """A cut at fixed positions, for consumers without Crop."""
        x, size = inputs
        start = self.axis % len(x.shape)
        offsets = self.offset * (len(x.shape) - start) if len(self.offset) == 1 else self.offset
        offsets = offsets or (0,) * (len(x.shape) - start)
        return crop(net, x, {start + i: (o, o + size.shape[start + i]) for i, o in enumerate(offsets)})


@from_ir("Crop")
def ir_crop(net: Builder, node: IrOperator, input: Value, like: Operand | None = None) -> Value:
    """Cuts `border` (top, bottom, left, right) off; with a second input, its size from `border` (top, left) on."""
    rank = len(input.shape)
    if like is None:
        border = node.integers("border", count=2 * (rank - 2))
        axes = [node.axis(input, axis) for axis in range(1, rank - 1)]
        pairs = zip(axes, border[::2], border[1::2], strict=True)
        return crop(net, input, {axis: (begin, input.shape[axis] - end) for axis, begin, end in pairs})
    top, left = [*node.integers("border", []), 0, 0][:2]
    rows, columns = like.shape[2:]
    return crop(net, input, {2: (top, top + rows), 3: (left, left + columns)})
