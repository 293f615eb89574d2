"""Parts of one value that together are all of it."""

from __future__ import annotations

from pytorch2caffe.graph.graph import Value
from pytorch2caffe.layers.elementwise.eltwise import Eltwise
from pytorch2caffe.layers.indexing.strided_slice import StridedSlice
from pytorch2caffe.layers.shape.slice import Slice
from pytorch2caffe.passes.join_slices import join_slices
from tests.passes.graphs import Net, applied, types


def part(net: Net, begin: int, end: int) -> Value:
    return net.add(StridedSlice((0, begin), (2, end), (1, 1)), net.x)


def test_neighbours_are_one_slice() -> None:
    net = Net(2, 6)
    b, a = part(net, 2, 4), part(net, 0, 2)
    y = net.add(Eltwise(), a, b)
    after = applied(join_slices, net.done(net.add(Eltwise(), y, part(net, 4, 6))))
    assert [node.layer for node in after.nodes] == [Slice(1, (2, 4)), Eltwise(), Eltwise()]


def test_gaps_and_overlaps_stay() -> None:
    for cuts in ([(0, 2), (3, 6)], [(0, 3), (2, 6)], [(0, 2), (2, 4)]):
        net = Net(2, 6)
        graph = net.done(*(part(net, *cut) for cut in cuts))
        assert types(applied(join_slices, graph)) == ["StridedSlice", "StridedSlice"]
