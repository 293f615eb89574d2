"""Unfold: the windows of a feature map as columns."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch, pair
from ..shape.reshape import drop_batch, reshape_to, with_batch
from .convolution import Convolution


def one_hot_windows(channels: Any, kernel: Any) -> Any:
    """Per channel one filter for each place of the window: [channels * places, 1, height, width]."""
    places = prod(kernel)
    return np.tile(np.eye(places, dtype=np.float32).reshape(places, 1, *kernel), (channels, 1, 1, 1))


@from_torch("torch.nn.functional.unfold", "torch._C._nn.im2col")
def unfold(
    net: Builder,
    input: Value,
    kernel_size: int | Sequence[int],
    dilation: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    stride: int | Sequence[int] = 1,
) -> Value:
    """One depthwise convolution: [N, C, H, W] to [N, C * places, windows]."""
    x, added = with_batch(net, 2, input)
    channels, kernel = x.shape[1], pair(kernel_size)
    weight = one_hot_windows(channels, kernel)
    made = Convolution(len(weight), kernel, pair(stride), pair(padding), pair(dilation), channels, False)
    y = net.add(made, x, blobs=[weight], name="windows")
    return drop_batch(net, reshape_to(net, y, (*y.shape[:2], prod(y.shape[2:]))), added)
