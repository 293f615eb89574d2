"""Parts of parts."""

from __future__ import annotations

from pytorch2caffe.layers.indexing.strided_slice import StridedSlice
from pytorch2caffe.passes.merge_slices import merge_slices
from tests.passes.graphs import Net, applied, types

CHANNELS = StridedSlice((0, 1, 0), (2, 6, 5), (1, 2, 1))
ROWS = StridedSlice((0, 1, 1), (2, 3, 5), (1, 1, 2))


def test_a_part_of_a_part_is_one_part() -> None:
    net = Net(2, 7, 5)
    after = applied(merge_slices, net.done(net.add(ROWS, net.add(CHANNELS, net.x))))
    assert [node.layer for node in after.nodes] == [StridedSlice((0, 3, 1), (2, 6, 5), (1, 2, 2))]


def test_a_part_that_is_read_stays() -> None:
    net = Net(2, 7, 5)
    part = net.add(CHANNELS, net.x)
    assert types(applied(merge_slices, net.done(part, net.add(ROWS, part)))) == ["StridedSlice"] * 2
