"""torch.pixel_unshuffle: spatial positions become channels."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, from_torch, layer
from ..convolution.convolution import Convolution
from ..shape.reshape import reshape_to


@layer("PixelUnshuffle")
class PixelUnshuffle(Layer):
    """[..., C, H r, W r] to [..., C r r, H, W], r the downscale_factor."""

    moves_data = True

    downscale_factor: int

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(f"nn.PixelUnshuffle({self.downscale_factor})")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """A Convolution that reads each position of a block into a channel of its own: for every size and batch."""
        r, (*lead, channels, height, width) = self.downscale_factor, inputs[0].shape
        x = reshape_to(net, inputs[0], (prod(lead), channels, height, width), "images")
        weight = np.tile(np.eye(r**2, dtype=np.float32).reshape(r**2, 1, r, r), (channels, 1, 1, 1))
        layer = Convolution(channels * r**2, (r, r), (r, r), group=channels, bias_term=False)
        y = net.add(layer, x, blobs=[weight], name="unshuffle")
        return reshape_to(net, y, (*lead, channels * r**2, height // r, width // r))


@from_torch("torch.pixel_unshuffle", "torch.nn.functional.pixel_unshuffle")
def pixel_unshuffle(net: Builder, input: Value, downscale_factor: int) -> Value:
    return net.add(PixelUnshuffle(int(downscale_factor)), input)
