"""Adaptive pooling over one to three axes, as layers that pool two axes."""

from __future__ import annotations

from typing import Any

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import pair
from ..shape.reshape import drop_batch, reshape_to, with_batch
from .adaptive_pooling import AdaptivePooling, even_windows
from .pool_nd import as_rows
from .pooling import Pooling


def adaptive_pool(net: Builder, input: Value, output_size: Any, method: str) -> Value:
    x, added = with_batch(net, 2, input)
    wanted = output_size if isinstance(output_size, (tuple, list)) else (output_size, output_size)
    height, width = (have if want is None else int(want) for have, want in zip(x.shape[2:], wanted, strict=True))
    even = [even_windows(size, count) for size, count in zip(x.shape[2:], (height, width), strict=True)]
    if (height, width) == (1, 1):
        made = Pooling(method, global_pooling=True)
    elif (height, width) == x.shape[2:]:
        return input
    elif all(even):
        (kh, sh), (kw, sw) = even
        made = Pooling(method, kh, kw, sh, sw)
    else:
        made = AdaptivePooling(method, height, width)
    return drop_batch(net, net.add(made, x), added)


def adaptive_pool1d(net: Builder, input: Value, output_size: Any, method: str) -> Value:
    x, back = as_rows(net, input)
    return back(adaptive_pool(net, x, (1, *pair(output_size, 1)), method))


def adaptive_pool3d(net: Builder, input: Value, output_size: Any, method: str) -> Value:
    x, added = with_batch(net, 3, input)
    wanted = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * 3
    depths, rows, columns = (have if want is None else want for have, want in zip(x.shape[2:], wanted, strict=True))
    n, c, depth, *space = x.shape
    x = adaptive_pool(net, reshape_to(net, x, (n, c * depth, *space), "pictures"), (rows, columns), method)
    x = reshape_to(net, x, (n, c, depth, rows * columns), "columns")
    x = adaptive_pool(net, x, (depths, rows * columns), method)
    return drop_batch(net, reshape_to(net, x, (n, c, depths, rows, columns), "volume"), added)
