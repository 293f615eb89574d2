"""torch.pixel_shuffle: channels become spatial positions."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...formats.ncnn import Ncnn, one_sample
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, from_torch, layer
from ..convolution.deconvolution import Deconvolution
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
        """A Deconvolution that writes each channel to its position: for every size and batch."""
        r, (*lead, channels, height, width) = self.upscale_factor, inputs[0].shape
        outputs, batch = channels // r**2, prod(lead)
        x = reshape_to(net, inputs[0], (batch, channels, height, width), "images")
        weight = np.tile(np.eye(r**2, dtype=np.float32).reshape(r**2, 1, r, r), (outputs, 1, 1, 1))
        layer = Deconvolution(outputs, (r, r), (r, r), group=outputs, bias_term=False)
        y = net.add(layer, x, blobs=[weight], name="shuffle")
        return reshape_to(net, y, (*lead, outputs, height * r, width * r))


@from_torch("torch.pixel_shuffle", "torch.nn.functional.pixel_shuffle")
def pixel_shuffle(net: Builder, input: Value, upscale_factor: int) -> Value:
    return net.add(PixelShuffle(int(upscale_factor)), input)
