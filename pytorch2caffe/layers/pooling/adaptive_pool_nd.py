"""Adaptive pooling over one to three axes, as layers that pool two axes."""

from __future__ import annotations

from collections.abc import Sequence

from ...graph.builder import Builder
from ...graph.graph import Value, fix_axes
from ...graph.registry import Layer, pair
from ..shape.reshape import drop_batch, reshape_to, with_batch
from .adaptive_pooling import AdaptivePooling, even_windows
from .pool_nd import as_row
from .pooling import Pooling

OutputSize = int | None | Sequence[int | None]  # None: the size of the input


def _output_sizes(shape: Sequence[int], output_size: OutputSize) -> list[int]:
    """The output's size along each spatial axis of an input of this shape."""
    sizes = _per_axis(output_size, len(shape) - 2)
    return [current if size is None else int(size) for current, size in zip(shape[2:], sizes, strict=True)]


def _per_axis(output_size: OutputSize, rank: int) -> Sequence[int | None]:
    return output_size if isinstance(output_size, Sequence) else (output_size,) * rank


def adaptive_pool(net: Builder, input: Value, output_size: OutputSize, method: str) -> Value:
    """PyTorch's adaptive pooling of [N, C, H, W] or [C, H, W] as one layer: a plain Pooling where the windows are even.

    method: MAX or AVE.
    """
    x, added = with_batch(net, 2, input)
    height, width = _output_sizes(x.shape, output_size)
    if (height, width) != (1, 1):
        fix_axes(x, {axis for axis, size in enumerate(_per_axis(output_size, 2), 2) if size is not None})
    layer: Layer
    rows, columns = even_windows(x.shape[2], height), even_windows(x.shape[3], width)
    if (height, width) == (1, 1):
        layer = Pooling(method, global_pooling=True)
    elif (height, width) == x.shape[2:]:
        return input
    elif rows and columns:
        (kernel_h, stride_h), (kernel_w, stride_w) = rows, columns
        layer = Pooling(method, kernel_h, kernel_w, stride_h, stride_w)
    else:
        layer = AdaptivePooling(method, height, width)
    return drop_batch(net, net.add(layer, x), added)


def adaptive_pool1d(net: Builder, input: Value, output_size: OutputSize, method: str) -> Value:
    """The same of [N, C, L] or [C, L], as images of one row."""
    x, from_row = as_row(net, input)
    return from_row(adaptive_pool(net, x, (1, *pair(output_size, 1)), method))


def adaptive_pool3d(net: Builder, input: Value, output_size: OutputSize, method: str) -> Value:
    """The same of [N, C, D, H, W] or [C, D, H, W]: the last two axes first, then the depth."""
    x, added = with_batch(net, 3, input)
    depths, rows, columns = _output_sizes(x.shape, output_size)
    n, c, depth, *space = x.shape
    x = adaptive_pool(net, reshape_to(net, x, (n, c * depth, *space), "pictures"), (rows, columns), method)
    x = reshape_to(net, x, (n, c, depth, rows * columns), "columns")
    x = adaptive_pool(net, x, (depths, rows * columns), method)
    return drop_batch(net, reshape_to(net, x, (n, c, depths, rows, columns), "volume"), added)
