"""Chains of shape changes."""

from __future__ import annotations

from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.shape.flatten import Flatten
from pytorch2caffe.layers.shape.reshape import Reshape
from pytorch2caffe.passes.merge_reshapes import merge_reshapes
from tests.passes.graphs import Net, applied, types


def test_shape_changes_that_cancel_are_dropped() -> None:
    net = Net(2, 16)
    there = net.add(Reshape((2, 16, 1, 1)), net.x)
    assert types(applied(merge_reshapes, net.done(net.add(ReLU(), net.add(Flatten(), there))))) == ["ReLU"]


def test_several_become_one() -> None:
    net = Net(2, 4, 6)
    y = net.add(Reshape((0, 3, 8)), net.add(Reshape((0, 24)), net.x))
    after = applied(merge_reshapes, net.done(y))
    assert [node.layer for node in after.nodes] == [Reshape((0, 3, 8))]


def test_one_that_changes_nothing_stays_if_it_is_the_output() -> None:
    net = Net(2, 16)
    assert types(applied(merge_reshapes, net.done(net.add(Flatten(), net.x)))) == ["Flatten"]


def test_one_that_another_node_reads_too_stays() -> None:
    net = Net(2, 16)
    there = net.add(Reshape((2, 4, 4)), net.x)
    back = net.add(Reshape((2, 16)), there)
    after = applied(merge_reshapes, net.done(net.add(ReLU(), back), net.add(ReLU(), there)))
    assert types(after) == ["Reshape", "ReLU", "ReLU"]


def test_one_that_moves_the_batch_stays_as_it_is() -> None:
    net = Net(2, 16)
    y = net.add(Reshape((2, 16)), net.add(Reshape((1, -1)), net.x))
    assert types(applied(merge_reshapes, net.done(y))) == ["Reshape", "Reshape"]
