"""SDPA: scaled dot product attention of each head, as ncnn has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from ...formats.ncnn import Ncnn
from ...graph.graph import Shape
from ...graph.registry import Layer, Source, number


@dataclass(frozen=True)
class SDPA(Layer):
    """softmax(scale * query key^T + mask) value, the leading axes equal.

    Inputs: query [N, H, T, C], key [N, H, S, C], value [N, H, S, D] and, if there is one, the mask, [1, 1, T, S] or
    [N, H, T, S]. Output [N, H, T, D].
    """

    type = "SDPA"
    scale: float

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape] | None:
        return [(*shapes[0][:3], shapes[2][3])]

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        mask = ", attn_mask={3}" if len(shapes) > 3 else ""
        return Source(expr=f"F.scaled_dot_product_attention({{0}}, {{1}}, {{2}}{mask}, scale={number(self.scale)})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """Source: ncnn, src/layer/sdpa.cpp: the heads are the channels; a mask of one channel is that of all."""
        reads = tuple((prod(shape[:2]), *shape[2:]) for shape in shapes)
        gives = (*reads[0][:2], reads[2][2])
        return Ncnn("SDPA", {5: int(len(shapes) > 3), 6: self.scale}, (), reads, (gives,))
