"""ShuffleChannel: channels interleaved across groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...formats.ncnn import Ncnn, one_sample
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer
from ..shape.concat import Concat
from ..shape.permute import permute_to
from ..shape.reshape import Reshape, reshape_to
from ..shape.slice import slice_at


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
        """The groups one below the other as one image are, read row by row, their channels in turn.

        before: x[N, 2 C, H, W] -> ShuffleChannel(2) -> y
        after:  x -> Slice -> 2 * [N, C, H, W] -> Concat -> [N, C, 2 H, W] -> Reshape -> y
        """
        (x,) = inputs
        if len(x.shape) < 3 or self.group == 1:
            return self._lower_flat(net, x)
        size = x.shape[1] // self.group
        groups = slice_at(net, x, 1, [size * i for i in range(1, self.group)], "groups")
        return net.add(Reshape((0, x.shape[1], -1, *[0] * len(x.shape[3:]))), net.add(Concat(2), *groups, name="below"))

    def _lower_flat(self, net: Lowering, x: Value) -> Value:
        n, channels, *space = x.shape
        split = reshape_to(net, x, (n, self.group, channels // self.group, *space), "split")
        interleaved = permute_to(net, split, [0, 2, 1, *range(3, len(split.shape))])
        return reshape_to(net, interleaved, x.shape)
