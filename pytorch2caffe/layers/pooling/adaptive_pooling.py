"""Adaptive pooling: a fixed number of windows for an input of any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...formats.ncnn import Ncnn, one_sample
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer
from ..indexing.cut import crop
from ..resize.interpolate import Interpolate
from ..shape.concat import Concat
from .pooling import Pooling


@layer("AdaptivePooling")
class AdaptivePooling(Layer):
    """The maximum (MAX) or average (AVE) of height x width windows that together cover the input.

    Source: torch.nn.functional.adaptive_avg_pool2d and adaptive_max_pool2d.
    """

    legacy_name = "ave_pool"

    pool: str
    height: int
    width: int

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        kind = "Max" if self.pool == "MAX" else "Avg"
        return Source(f"nn.Adaptive{kind}Pool2d(({self.height}, {self.width}))")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        one_sample(shapes[0])
        return Ncnn("Pooling", {0: int(self.pool == "AVE"), 7: 1, 8: self.width, 18: self.height})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """One axis after the other: equal windows by one Pooling, unequal ones by a Pooling each.

        Where each window is one element, used a fixed number of times along each axis, it is nearest upsampling.
        """
        (x,) = inputs
        if self.height % x.shape[2] == self.width % x.shape[3] == 0:
            return net.add(Interpolate((self.height, self.width)), x)
        for axis, windows in ((2, self.height), (3, self.width)):
            x = _pool_axis(net, x, axis, windows, self.pool)
        return x


def window_ranges(size: int, windows: int) -> list[tuple[int, int]]:
    """The begin and the end of each of PyTorch's windows on an axis of `size`.

    Source: PyTorch, aten/src/ATen/native/AdaptivePooling.h, start_index and end_index.

    >>> window_ranges(7, 3)
    [(0, 3), (2, 5), (4, 7)]
    """
    return [(i * size // windows, -(-(i + 1) * size // windows)) for i in range(windows)]


def even_windows(size: int, windows: int) -> tuple[int, int] | None:
    """(kernel, stride) if all windows have one size and one distance, which is not 0, else None.

    >>> even_windows(7, 3), even_windows(7, 4), even_windows(1, 7)
    ((3, 2), None, None)
    """
    ranges = window_ranges(size, windows)
    kernels = {end - begin for begin, end in ranges}
    steps = {b[0] - a[0] for a, b in zip(ranges, ranges[1:], strict=False)} or {1}
    return (kernels.pop(), steps.pop()) if len(kernels) == len(steps) == 1 and 0 not in steps else None


def _pooling_along(method: str, axis: int, kernel: int, stride: int = 1) -> Pooling:
    return Pooling(method, kernel, 1, stride, 1) if axis == 2 else Pooling(method, 1, kernel, 1, stride)


def _pool_axis(net: Builder, x: Value, axis: int, windows: int, method: str) -> Value:
    size = x.shape[axis]
    if windows == size:
        return x
    even = even_windows(size, windows)
    if even:
        return net.add(_pooling_along(method, axis, *even), x, name="pool")
    if windows % size == 0:
        return net.add(Interpolate((windows, x.shape[3]) if axis == 2 else (x.shape[2], windows)), x, name="upsample")
    ranges = window_ranges(size, windows)
    parts = {window: _pool_window(net, x, axis, *window, method) for window in dict.fromkeys(ranges)}
    return net.add(Concat(axis), *(parts[window] for window in ranges), name="windows")


def _pool_window(net: Builder, x: Value, axis: int, begin: int, end: int, method: str) -> Value:
    part = crop(net, x, {axis: (begin, end)})
    return net.add(_pooling_along(method, axis, end - begin), part, name="pool") if end - begin > 1 else part
