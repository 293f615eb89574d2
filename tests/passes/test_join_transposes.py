"""Transpositions as a Slice and a Concat."""

from __future__ import annotations

import pytest

from pytorch2caffe.layers.shape.concat import Concat
from pytorch2caffe.layers.shape.slice import Slice
from pytorch2caffe.passes.join_transposes import join_transposes
from tests.passes.graphs import Net, applied, types


@pytest.mark.parametrize(("source", "target"), [(1, 3), (3, 1), (1, 2), (2, 3), (-1, 0)])
def test_joined(source: int, target: int) -> None:
    net = Net(2, 3, 4, 5)
    size = net.x.shape[source]
    parts = net.add(Slice(source, tuple(range(1, size))), net.x)
    after = applied(join_transposes, net.done(net.add(Concat(target), *parts)))
    assert types(after) == ["Permute", "Reshape"]


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 1)])
def test_not_joined_in_another_order(order: tuple[int, ...]) -> None:
    net = Net(2, 3, 4, 5)
    parts = net.add(Slice(1, (1, 2)), net.x)
    graph = net.done(net.add(Concat(2), *[parts[index] for index in order]))
    assert types(applied(join_transposes, graph)) == ["Slice", "Concat"]


def test_not_joined_where_parts_are_larger_or_joined_again() -> None:
    net = Net(1, 4, 4, 5)
    halves = net.add(Concat(2), *net.add(Slice(1, (2,)), net.x))
    again = net.add(Concat(1), *net.add(Slice(1, (1, 2, 3)), net.x))
    assert types(applied(join_transposes, net.done(halves, again))) == ["Slice", "Concat", "Slice", "Concat"]
