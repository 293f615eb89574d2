"""A tensor put together from what was written: by slices and Concat, or if that takes too many by an IndexSelect."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from math import prod

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ..shape.concat import Concat
from ..shape.reshape import reshape_to
from .index_select import select_indices
from .overlay import MOST_PARTS, Content, Filled, overlay
from .strided import Region, Scattered, Strided, origins

FEW_PARTS = 64  # of positions without an order


def assemble(net: Builder, tensor: Strided, sources: Sequence[Region], contents: Sequence[Content]) -> Value:
    """The contents of `tensor`: each number from the last of the sources that has its position, as in `overlay`."""
    scattered = any(isinstance(each, Scattered) for each in sources)
    with suppress(Refused):
        result = overlay(net, tensor, sources, contents, FEW_PARTS if scattered else MOST_PARTS)
        return result if isinstance(result, Value) else net.constant(result)
    return _selected(net, tensor, sources, contents)


def _selected(net: Builder, tensor: Strided, sources: Sequence[Region], contents: Sequence[Content]) -> Value:
    """All contents one after the other, and from them the numbers of the tensor."""
    rows = [_row(net, source, content) for source, content in zip(sources, contents, strict=True)]
    starts = np.cumsum([0, *(row.shape[1] for row in rows)])
    found = origins(tensor, sources)
    first = starts[found.source] + found.position * found.block
    order = (first[..., None] + np.arange(found.block)).ravel()
    both = net.add(Concat(1), *rows, name="both") if len(rows) > 1 else rows[0]
    return reshape_to(net, select_indices(net, both, 1, order), tensor.sizes)


def _row(net: Builder, source: Region, content: Content) -> Value:
    count = prod(source.sizes)
    if isinstance(content, Filled):
        content = np.full(count, content.number, np.float32)
    value = content if isinstance(content, Value) else net.constant(content)
    row: Value = reshape_to(net, value, (1, count), "flat")
    return row
