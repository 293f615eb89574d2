"""Unfold, which lays windows side by side as columns, and fold, which adds them up again."""

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
from .deconvolution import transpose_convolved


def _one_hot(channels: Any, kernel: Any) -> Any:
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
) -> Any:
    """One depthwise convolution: [N, C, H, W] to [N, C * places, windows]."""
    x, added = with_batch(net, 2, input)
    channels, kernel = x.shape[1], pair(kernel_size)
    weight = _one_hot(channels, kernel)
    made = Convolution(len(weight), kernel, pair(stride), pair(padding), pair(dilation), channels, False)
    y = net.add(made, x, blobs=[weight], name="windows")
    return drop_batch(net, reshape_to(net, y, (*y.shape[:2], prod(y.shape[2:]))), added)


@from_torch("torch.nn.functional.fold", "torch._C._nn.col2im")
def fold(
    net: Builder,
    input: Value,
    output_size: int | Sequence[int],
    kernel_size: int | Sequence[int],
    dilation: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    stride: int | Sequence[int] = 1,
) -> Any:
    """One depthwise transposed convolution: [N, C * places, windows] to [N, C, H, W]."""
    x, added = with_batch(net, 1, input)
    size, kernel, dilation, pad, stride = map(pair, (output_size, kernel_size, dilation, padding, stride))
    reach = [s + 2 * p - d * (k - 1) - 1 for s, p, d, k in zip(size, pad, dilation, kernel, strict=True)]
    counts = [r // t + 1 for r, t in zip(reach, stride, strict=True)]
    more = [r % t for r, t in zip(reach, stride, strict=True)]
    channels = x.shape[1] // prod(kernel)
    windows = reshape_to(net, x, (*x.shape[:2], *counts), "windows")
    weight = _one_hot(channels, kernel)
    return drop_batch(
        net, transpose_convolved(net, 2, windows, weight, None, stride, pad, more, channels, dilation), added
    )
