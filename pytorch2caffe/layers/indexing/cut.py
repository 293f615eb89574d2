"""Parts of a value along its axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...graph.builder import Builder
from ...graph.graph import Value, fix_axes
from ...graph.lowering import Lowering
from ..shape.slice import Slice, piece_by_convolution, slice_at


def crop(net: Builder, x: Value, ranges: Mapping[int, tuple[int, int]], *, any_size: bool = False) -> Value:
    """x with axis a cut to ranges[a] = (begin, end), by Slice layers whose other outputs are not used.

    any_size: an end within the axis stays where it is if the axis gets longer, and one at its end moves with it.
    For targets without Slice, by convolutions.
    """
    for axis, (begin, end) in ranges.items():
        points = [point for point in (begin, end) if 0 < point < x.shape[axis]]
        if not points:
            continue
        cut = Slice(axis, tuple(points))
        if isinstance(net, Lowering) and len(x.shape) == 4 and axis and not net.takes(cut, x):
            fix_axes(x, {axis})
            convolution, weight = piece_by_convolution(x.shape, axis, begin, end)
            x = net.add(convolution, x, blobs=[weight], name="slice")
        else:
            x = slice_at(net, x, axis, points, "slice", any_size=any_size)[1 if begin > 0 else 0]
    return x


def crop_space(net: Builder, x: Value, sizes: Sequence[int]) -> Value:
    """x with its spatial axes cut to the first `sizes` positions."""
    return crop(net, x, {axis: (0, size) for axis, size in enumerate(sizes, 2)})
