"""torch.pixel_shuffle: channels become spatial positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...formats.ncnn import Ncnn, one_sample
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, from_torch, layer
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to


@layer("PixelShuffle")
class PixelShuffle(Layer):
    """[..., C r r, H, W] to [..., C, H r, W r], r the upscale_factor."""

    moves_data = True

    upscale_factor: int

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(f"nn.PixelShuffle({self.upscale_factor})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        one_sample(shapes[0])
        return Ncnn("PixelShuffle", {0: self.upscale_factor})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        r, (*lead, channels, height, width) = self.upscale_factor, inputs[0].shape
        x = reshape_to(net, inputs[0], (*lead, channels // r**2, r, r, height, width), "split")
        n = len(lead)
        x = permute_to(net, x, [*range(n + 1), n + 3, n + 1, n + 4, n + 2])
        return reshape_to(net, x, (*lead, channels // r**2, height * r, width * r))


@from_torch("torch.pixel_shuffle", "torch.nn.functional.pixel_shuffle")
def pixel_shuffle(net: Builder, input: Value, upscale_factor: int) -> Value:
    return net.add(PixelShuffle(int(upscale_factor)), input)
