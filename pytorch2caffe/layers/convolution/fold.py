"""Fold: the sum of windows, given as columns, as a feature map."""

from __future__ import annotations

from math import prod

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import Size, from_torch, pair
from ..shape.reshape import drop_batch, reshape_to, with_batch
from .conv_transpose import transpose_convolved
from .unfold import one_hot_windows


@from_torch("torch.nn.functional.fold", "torch._C._nn.col2im")
def fold(
    net: Builder,
    input: Value,
    output_size: Size,
    kernel_size: Size,
    dilation: Size = 1,
    padding: Size = 0,
    stride: Size = 1,
) -> Value:
    """One depthwise transposed convolution: [N, C * kernel height * kernel width, windows] to [N, C, H, W]."""
    x, added = with_batch(net, 1, input)
    size, kernel, dilation, pad, stride = map(pair, (output_size, kernel_size, dilation, padding, stride))
    spans = [s + 2 * p - d * (k - 1) - 1 for s, p, d, k in zip(size, pad, dilation, kernel, strict=True)]
    window_counts = [span // step + 1 for span, step in zip(spans, stride, strict=True)]
    output_padding = [span % step for span, step in zip(spans, stride, strict=True)]
    channels = x.shape[1] // prod(kernel)
    windows = reshape_to(net, x, (*x.shape[:2], *window_counts), "windows")
    weight = one_hot_windows(channels, kernel)
    y = transpose_convolved(net, 2, windows, weight, None, stride, pad, output_padding, channels, dilation)
    return drop_batch(net, y, added)
