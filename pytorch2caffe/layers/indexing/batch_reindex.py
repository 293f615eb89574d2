"""BatchReindex: samples in another order, omitted or repeated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...graph.graph import Shape
from ...graph.registry import Layer, Source, layer


@layer("BatchReindex")
class BatchReindex(Layer):
    """Samples of the first input, chosen by the numbers in the second.  Source: BVLC Caffe, batch_reindex_layer.cpp."""

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="{0}[{1}.long()]")
