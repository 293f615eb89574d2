"""Filter: the samples that a selector selects."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import Refused
from ...graph.graph import Shape
from ...graph.registry import Layer, Source, layer


@layer("Filter")
class Filter(Layer):
    """The samples of each input but the last where the last, a number per sample, is not 0.

    Their number depends on the data: the shapes given are those of all samples.
    Source: BVLC Caffe, filter_layer.cpp.
    """

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape] | None:
        return list(shapes[:-1])

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        *data, selector = shapes
        if not data or any(shape[:1] != selector[:1] for shape in data) or any(d != 1 for d in selector[1:]):
            raise Refused(f"Filter of {list(map(list, shapes))}", "give a last bottom with one number for each sample")
        parts = [f"{{{index}}}[{{{len(data)}}}.flatten() != 0]" for index in range(len(data))]
        return Source(expr=parts[0] if len(parts) == 1 else f"({', '.join(parts)})")
