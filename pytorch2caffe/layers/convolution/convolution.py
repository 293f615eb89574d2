"""Convolution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...formats.ncnn import Ncnn
from ...graph.graph import Shape
from ...graph.registry import layer
from .kernel import Kernel


@layer("Convolution", param="convolution_param")
class Convolution(Kernel):
    """Convolution over the axes after the channels. Blobs: weight [out, in/group, kernel...], bias [out].

    Source: BVLC Caffe, base_conv_layer.cpp.
    """

    legacy_name = "conv"

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return self._ncnn(shapes[0], blobs[0], blobs)
