"""Channels and space exchanged: pixel shuffle, channel shuffle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...formats.ncnn import Ncnn, one_sample
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, from_ir, from_torch, layer
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to


@layer("ShuffleChannel", param="shuffle_channel_param")
class ShuffleChannel(Layer):
    """Channel i of group g moves to place g of group i.

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
        turned = permute_to(net, split, [0, 2, 1, *range(3, len(split.shape))])
        return reshape_to(net, turned, x.shape)


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
def pixel_shuffle(net: Builder, input: Value, upscale_factor: int) -> Any:
    return net.add(PixelShuffle(int(upscale_factor)), input)


@from_torch("torch.pixel_unshuffle", "torch.nn.functional.pixel_unshuffle")
def pixel_unshuffle(net: Builder, input: Value, downscale_factor: int) -> Any:
    """[..., C, H r, W r] to [..., C r r, H, W]."""
    r, (*lead, channels, height, width) = downscale_factor, input.shape
    x = reshape_to(net, input, (*lead, channels, height // r, r, width // r, r), "split")
    n = len(lead)
    x = permute_to(net, x, [*range(n + 1), n + 2, n + 4, n + 1, n + 3])
    return reshape_to(net, x, (*lead, channels * r**2, height // r, width // r))


@from_torch("torch.channel_shuffle", "torch.nn.functional.channel_shuffle", "torch.native_channel_shuffle")
def channel_shuffle(net: Builder, input: Value, groups: int) -> Any:
    return net.add(ShuffleChannel(int(groups)), input)


def _block(node: IrOperator) -> Any:
    return node.integer("block_size" if "block_size" in node else "blocksize")


@from_ir("DepthToSpace")
def ir_depth_to_space(net: Builder, node: IrOperator, input: Value) -> Any:
    """Channel (i * r + j) * C + c goes to place i, j: TensorFlow has the block's place before the channel."""
    r, (n, channels, height, width) = _block(node), input.shape
    x = reshape_to(net, input, (n, r, r, channels // r**2, height, width), "split")
    return reshape_to(net, permute_to(net, x, (0, 3, 4, 1, 5, 2)), (n, channels // r**2, height * r, width * r))


@from_ir("SpaceToDepth")
def ir_space_to_depth(net: Builder, node: IrOperator, input: Value) -> Any:
    r, (n, channels, height, width) = _block(node), input.shape
    x = reshape_to(net, input, (n, channels, height // r, r, width // r, r), "split")
    return reshape_to(net, permute_to(net, x, (0, 3, 5, 1, 2, 4)), (n, channels * r**2, height // r, width // r))
