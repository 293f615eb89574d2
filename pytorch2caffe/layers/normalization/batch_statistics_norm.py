"""Batch normalization with the statistics of the batch itself."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer, number
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to
from .mvn import normalise


@layer("BatchStatisticsNorm")
class BatchStatisticsNorm(Layer):
    """BatchNorm with the statistics of the batch, as in PyTorch; OpenCV and others read Caffe's differently."""

    eps: float = 1e-5

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr=f"F.batch_norm({{0}}, None, None, training=True, eps={number(self.eps)})")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """Reshaped to one sample, in which all samples of a channel are adjacent."""
        (x,) = inputs
        n, channels, *space = x.shape
        x = permute_to(net, reshape_to(net, x, (n, channels, prod(space)), "flat"), (1, 0, 2))
        y = normalise(net, reshape_to(net, x, (1, channels, n, prod(space)), "one"), 2, self.eps)
        y = permute_to(net, reshape_to(net, y, x.shape, "samples"), (1, 0, 2))
        return reshape_to(net, y, inputs[0].shape, "shaped")
