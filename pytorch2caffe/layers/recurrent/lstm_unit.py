"""LSTMUnit: one step of Caffe's LSTM."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...graph.graph import Shape
from ...graph.registry import Layer, Source, layer

UNIT = '''
def caffe_lstm_unit(c, gates, cont):
    """One step of Caffe's LSTM: the new c and h."""
    i, f, o, g = gates.chunk(4, 2)
    c = c * cont[..., None] * f.sigmoid() + i.sigmoid() * g.tanh()
    return c, o.sigmoid() * c.tanh()
'''


@layer("LSTMUnit")
class LSTMUnit(Layer):
    """One step: c [1, N, H], gates [1, N, 4H] and cont [1, N] to c and h.  Source: BVLC Caffe, lstm_unit_layer.cpp."""

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="caffe_lstm_unit({0}, {1}, {2})", define=UNIT)
