"""ShuffleChannel: channels interleaved across groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...formats.ncnn import Ncnn, one_sample
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to


@layer("ShuffleChannel", param="shuffle_channel_param")
class ShuffleChannel(Layer):
    """Channel i of group g moves to position g of group i.

    Source: the ShuffleNet fork of Caffe, shuffle_channel_layer.cpp.
    """

    moves_data = True

    group: int = 1

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr=f"F.channel_shuffle({{0}}, {self.group})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        one_sample(shapes[0])
        return Ncnn("ShuffleChannel", {0: self.group})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        (x,) = inputs
        n, channels, *space = x.shape
        split = reshape_to(net, x, (n, self.group, channels // self.group, *space), "split")
        interleaved = permute_to(net, split, [0, 2, 1, *range(3, len(split.shape))])
        return reshape_to(net, interleaved, x.shape)
