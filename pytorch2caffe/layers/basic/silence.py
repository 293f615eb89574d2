"""The layers that only bring values in or keep them from being outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.graph import Shape
from ...graph.registry import Layer, Source, layer


@layer("Silence")
class Silence(Layer):
    """Takes values and gives none, so that they are no outputs.  Source: BVLC Caffe, silence_layer.cpp."""

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="()")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("Noop")


@layer("Split")
class Split(Layer):
    """The input again, once per top. Caffe puts it in by itself.  Source: BVLC Caffe, split_layer.cpp."""

    moves_data = True
    in_place = True

    tops: int = 1

    def shares_memory(self, inputs: int, outputs: int) -> bool:
        return True

    def to_caffe(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_caffe(
        cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray], tops: int = 1
    ) -> Layer:
        return cls(tops)

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        copy = "{0}.clone()"
        return Source(expr=copy if self.tops == 1 else f"({', '.join([copy] * self.tops)})")

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        """The IR has no identity; a Dropout that keeps everything is one."""
        copies = [net.op("Dropout", *inputs, keep_prob=1.0) for _ in range(self.tops)]
        return copies if self.tops > 1 else copies[0]

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("Split")
