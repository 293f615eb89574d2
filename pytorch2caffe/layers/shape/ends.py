"""Positions counted from the end of an axis, in layers that fit every size of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Value
from ..convolution.convolution import Convolution
from ..indexing.crop import Crop
from .concat import Concat
from .slice import equal_parts, slice_at

MOST_ROWS = 16  # that are cut one by one: outputs of one layer that consumers of Caffe files accept


def all_but(net: Builder, x: Value, axis: int, first: int, last: int) -> Value:
    """x [N, C, H, W] without the `first` and the `last` positions of an axis, as x[:, :, first:-last].

    A convolution with one output channel and a window of first + last + 1 has the size, its numbers are not used.
    """
    kernel = (first + last + 1, 1) if axis == 2 else (1, first + last + 1)
    weight = np.full((1, x.shape[1], *kernel), 1 / (x.shape[1] * (first + last + 1)), np.float32)
    size = net.add(Convolution(1, kernel, bias_term=False), x, blobs=[weight], name="size")
    return net.add(Crop(axis, (first, 0)[: 4 - axis] if first else ()), x, size, name="crop")


def last_rows(net: Builder, x: Value, axis: int, count: int, wanted: int, parts: Sequence[Value]) -> list[Value]:
    """The first `wanted` of the last `count` positions of an axis of x, one by one.

    parts: x in pieces along the axis, of which the first `count` have one position each.

    before: x of H rows
    after:  Concat(count rows, x, H - count rows): 2 H rows, of which the second half begins with the last rows of x
    """
    twice = net.add(Concat(axis), *parts[:count], x, *parts[count:], name="twice")
    half = net.add(equal_parts(axis, twice.shape[axis], 2), twice, name="halves")[1]
    if wanted == 1:
        return [net.add(Crop(axis), half, parts[0], name="last")]
    return slice_at(net, half, axis, range(1, wanted + 1), "last", any_size=True)[:wanted]


def rolled(net: Builder, x: Value, axis: int, shift: int) -> Value:
    """x rolled by `shift` positions towards the end of an axis: the middle third of `shift` rows, x, x and the rest."""
    first, rest = slice_at(net, x, axis, [shift], "slice", any_size=True)
    thrice = net.add(Concat(axis), first, x, x, rest, name="thrice")
    return net.add(equal_parts(axis, thrice.shape[axis], 3), thrice, name="thirds")[1]
