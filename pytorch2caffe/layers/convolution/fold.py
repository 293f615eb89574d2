"""Fold: windows, given as columns, summed into a feature map."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch, pair
from ..shape.reshape import drop_batch, reshape_to, with_batch
from .conv_transpose import transpose_convolved
from .unfold import one_hot_windows


@from_torch("torch.nn.functional.fold", "torch._C._nn.col2im")
def fold(
    net: Builder,
    input: Value,
    output_size: int | Sequence[int],
    kernel_size: int | Sequence[int],
    dilation: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    stride: int | Sequence[int] = 1,
) -> Value:
    """One depthwise transposed convolution: [N, C * places, windows] to [N, C, H, W]."""
    x, added = with_batch(net, 1, input)
    size, kernel, dilation, pad, stride = map(pair, (output_size, kernel_size, dilation, padding, stride))
    reach = [s + 2 * p - d * (k - 1) - 1 for s, p, d, k in zip(size, pad, dilation, kernel, strict=True)]
    counts = [r // t + 1 for r, t in zip(reach, stride, strict=True)]
    more = [r % t for r, t in zip(reach, stride, strict=True)]
    channels = x.shape[1] // prod(kernel)
    windows = reshape_to(net, x, (*x.shape[:2], *counts), "windows")
    weight = one_hot_windows(channels, kernel)
    return drop_batch(
        net, transpose_convolved(net, 2, windows, weight, None, stride, pad, more, channels, dilation), added
    )
