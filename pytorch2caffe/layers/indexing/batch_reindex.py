"""BatchReindex: samples in another order, left out or several times."""

from __future__ import annotations

from ...graph.registry import Layer, Source, layer


@layer("BatchReindex")
class BatchReindex(Layer):
    """Samples of the first input, chosen by the numbers in the second.  Source: BVLC Caffe, batch_reindex_layer.cpp."""

    def to_torch(self, shapes, blobs):
        return Source(expr="{0}[{1}.long()]")
