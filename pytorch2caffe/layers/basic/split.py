"""Split: one value as several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer


@layer("Split")
class Split(Layer):
    """Copies of the input, one per top. Caffe inserts it where a blob is read twice.

    Source: BVLC Caffe, split_layer.cpp.
    """

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

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge | list[Edge]:
        """A Dropout that keeps every element, because the IR has no identity."""
        copies = [net.op("Dropout", *inputs, keep_prob=1.0) for _ in range(self.tops)]
        return copies if self.tops > 1 else copies[0]

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """Nothing: any number of layers may read a value."""
        return list(inputs) * self.tops if self.tops > 1 else inputs[0]

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("Split")
