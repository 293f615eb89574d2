"""Chains of Reshape, Permute and slices."""

from __future__ import annotations

from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.indexing.strided_slice import StridedSlice
from pytorch2caffe.layers.shape.permute import Permute
from pytorch2caffe.layers.shape.reshape import Reshape
from pytorch2caffe.layers.shape.slice import Slice
from pytorch2caffe.passes.merge_views import merge_views
from tests.passes.graphs import Net, applied, types


def heads(net: Net, order: tuple[int, ...]) -> list:
    """Query, key and value from the numbers of one linear layer, as vision transformers split them."""
    parts = net.add(Permute(order), net.add(Reshape((0, 5, 3, 2, 4)), net.x))
    cut = [
        net.add(StridedSlice((i, 0, 0, 0, 0), (i + 1, *parts.shape[1:]), (1,) * 5), parts, name="part")
        for i in range(3)
    ]
    return [net.add(ReLU(), net.add(Reshape(parts.shape[1:]), each)) for each in cut]


def test_parts_of_one_value_are_one_slice() -> None:
    net = Net(2, 5, 24)
    found = applied(merge_views, net.done(*heads(net, (2, 0, 1, 3, 4))))
    assert types(found) == ["Slice", *["Reshape", "ReLU"] * 3]
    assert found.nodes[0].layer == Slice(2, (8, 16))


def test_a_transposition_stays_where_it_is_needed() -> None:
    net = Net(2, 5, 24)
    assert types(applied(merge_views, net.done(*heads(net, (2, 0, 3, 1, 4))))).count("Permute") == 1


def test_permutes_that_cancel_over_reshapes_are_dropped() -> None:
    net = Net(1, 6, 4)
    rows = net.add(Reshape((1, 6, 2, 2)), net.x)
    apart = net.add(Reshape((2, 12)), net.add(Permute((2, 0, 1, 3)), rows))
    back = net.add(Permute((1, 0, 2)), net.add(Reshape((2, 6, 2)), apart))
    found = applied(merge_views, net.done(net.add(ReLU(), net.add(Reshape((6, 4)), back))))
    assert types(found) == ["Reshape", "ReLU"]


def test_two_permutes_become_one() -> None:
    net = Net(2, 3, 4, 5)
    y = net.add(Permute((0, 3, 1, 2)), net.add(Reshape((2, 4, 3, 5)), net.add(Permute((0, 2, 1, 3)), net.x)))
    assert types(applied(merge_views, net.done(y))) == ["Reshape", "Permute", "Reshape"]


def test_slices_that_leave_nothing_over_are_one() -> None:
    net = Net(1, 8, 3)
    parts = [(0, 2), (2, 5), (5, 8)]
    cut = [net.add(StridedSlice((0, a, 0), (1, b, 3), (1, 1, 1)), net.x, name="part") for a, b in parts]
    found = applied(merge_views, net.done(*(net.add(ReLU(), part) for part in cut)))
    assert types(found)[0] == "Slice"
    assert "StridedSlice" not in types(found)


def test_parts_that_overlap_and_one_slice_stay() -> None:
    net = Net(1, 8, 3)
    cut = [net.add(StridedSlice((0, a, 0), (1, a + 4, 3), (1, 1, 1)), net.x, name="part") for a in (0, 2)]
    graph = net.done(*(net.add(ReLU(), part) for part in cut))
    assert types(applied(merge_views, graph)) == types(graph)
