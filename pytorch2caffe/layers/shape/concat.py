"""Concat."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, along, replaced
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer
from .reshape import reshape_to


@layer("Concat", param="concat_param")
class Concat(Layer):
    """The inputs one after the other along `axis`.  Source: BVLC Caffe, concat_layer.cpp."""

    legacy_name = "cat"
    moves_data = True

    axis: int = 1

    def shares_memory(self, inputs: int, outputs: int) -> bool:
        return inputs == 1

    def may_be_overwritten(self, inputs: int) -> bool:
        return True

    @classmethod
    def from_caffe(cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Layer:
        return cls(param.get("axis", param.get("concat_dim", 1)))

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        inputs = ", ".join(f"{{{i}}}" for i in range(len(shapes)))
        inputs = f"({inputs})" if len(shapes) > 1 else f"({inputs},)"
        return Source(expr=f"torch.cat({inputs}, {self.axis})")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """For targets of few axes: those before the axis are joined, and those after it.

        before: (a[1, 4, 6, 3, 1], b[1, 4, 6, 3, 1]) -> Concat(axis 4) -> y
        after:  each -> Reshape[1, 72, 1, 1]; these -> Concat(axis 2) -> Reshape -> y
        """
        shape = inputs[0].shape
        axis = self.axis % len(shape)
        if len(shape) <= 4 or not axis:
            return net.add(self, *inputs)  # raises what the target lacks
        outer, inner = (shape[0], prod(shape[1:axis])), prod(shape[axis + 1 :])
        parts = [reshape_to(net, x, (*outer, x.shape[axis], inner), "part") for x in inputs]
        size = sum(x.shape[axis] for x in inputs)
        return reshape_to(net, net.add(Concat(2), *parts, name="joined"), (*shape[:axis], size, *shape[axis + 1 :]))

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        blobs_read = [along(shape, self.axis)[0] for shape in shapes]
        dims, (axis,) = along(shapes[0], self.axis)
        gives = replaced(dims, [axis], sum(read[axis] for read in blobs_read))
        return Ncnn("Concat", {0: axis}, (), tuple(blobs_read), (gives,))

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        shape, axis = list(inputs[0].shape), self.axis % len(inputs[0].shape)
        shape[axis] = sum(x.shape[axis] for x in inputs)
        return net.op("Concat", *inputs, shape=shape, axis=net.axis(inputs[0], axis))
