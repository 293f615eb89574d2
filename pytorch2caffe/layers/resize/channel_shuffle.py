"""torch.channel_shuffle."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from .shuffle_channel import ShuffleChannel


@from_torch("torch.channel_shuffle", "torch.nn.functional.channel_shuffle", "torch.native_channel_shuffle")
def channel_shuffle(net: Builder, input: Value, groups: int) -> Value:
    return net.add(ShuffleChannel(int(groups)), input)
