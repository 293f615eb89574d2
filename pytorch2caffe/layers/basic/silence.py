"""Silence: keeps values from becoming outputs of a network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...formats.ncnn import Ncnn
from ...graph.graph import Shape
from ...graph.registry import Layer, Source, layer


@layer("Silence")
class Silence(Layer):
    """Reads values and has no output, so that they are not outputs of the network.

    Source: BVLC Caffe, silence_layer.cpp.
    """

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="()")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("Noop")
