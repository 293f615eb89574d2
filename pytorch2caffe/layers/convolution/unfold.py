"""Unfold: the windows of a feature map as columns."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import Size, from_torch, pair
from ..shape.reshape import drop_batch, reshape_to, with_batch
from .convolution import Convolution


def one_hot_windows(channels: int, kernel: Sequence[int]) -> np.ndarray:
    """For each channel a filter per position in the window, which is 1 there and else 0.

    Shape: [channels * height * width, 1, height, width], float32, for a kernel (height, width).
    """
    positions = prod(kernel)
    return np.tile(np.eye(positions, dtype=np.float32).reshape(positions, 1, *kernel), (channels, 1, 1, 1))


@from_torch("torch.nn.functional.unfold", "torch._C._nn.im2col")
def unfold(
    net: Builder,
    input: Value,
    kernel_size: Size,
    dilation: Size = 1,
    padding: Size = 0,
    stride: Size = 1,
) -> Value:
    """One depthwise convolution: [N, C, H, W] to [N, C * kernel height * kernel width, windows]."""
    x, added = with_batch(net, 2, input)
    channels, kernel = x.shape[1], pair(kernel_size)
    weight = one_hot_windows(channels, kernel)
    one_hot = Convolution(len(weight), kernel, pair(stride), pair(padding), pair(dilation), channels, False)
    y = net.add(one_hot, x, blobs=[weight], name="windows")
    return drop_batch(net, reshape_to(net, y, (*y.shape[:2], prod(y.shape[2:]))), added)
