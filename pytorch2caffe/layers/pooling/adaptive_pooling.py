"""Adaptive pooling: so many windows, whatever the input's size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...formats.ncnn import Ncnn, one_sample
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer
from ..indexing.strided_slice import crop
from ..shape.concat import Concat
from .pooling import Pooling


@layer("AdaptivePooling")
class AdaptivePooling(Layer):
    """The maximum (MAX) or average (AVE) of height x width windows that together cover the input."""

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
        """One axis after the other: equal windows by one Pooling, unequal ones by a Pooling each."""
        (x,) = inputs
        for axis, count in ((2, self.height), (3, self.width)):
            x = _pool_axis(net, x, axis, count, self.pool)
        return x


def windows(size: int, count: int) -> Any:
    """Where PyTorch's windows begin and end.

    >>> windows(7, 3)
    [(0, 3), (2, 5), (4, 7)]
    """
    return [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


def even_windows(size: int, count: int) -> Any:
    """(kernel, stride) if the windows are all alike, else None."""
    found = windows(size, count)
    kernels = {end - begin for begin, end in found}
    steps = {b[0] - a[0] for a, b in zip(found, found[1:], strict=False)}
    return (kernels.pop(), steps.pop() if steps else 1) if len(kernels) == 1 and len(steps) <= 1 else None


def _along(axis: int, kernel: Any, stride: int = 1) -> Any:
    return (kernel, 1, stride, 1) if axis == 2 else (1, kernel, 1, stride)


def _pool_axis(net: Builder, x: Value, axis: int, count: int, method: str) -> Value:
    size = x.shape[axis]
    if count == size:
        return x
    even = even_windows(size, count)
    if even:
        return net.add(Pooling(method, *_along(axis, *even)), x, name="pool")
    parts = []
    for begin, end in windows(size, count):
        part = crop(net, x, {axis: (begin, end)})
        parts.append(net.add(Pooling(method, *_along(axis, end - begin)), part, name="pool"))
    return net.add(Concat(axis), *parts, name="windows")
