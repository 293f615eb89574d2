"""Nodes that no output depends on."""

from __future__ import annotations

from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.elementwise.absval import AbsVal
from pytorch2caffe.layers.shape.slice import Slice
from pytorch2caffe.passes.drop_unused import drop_unused
from tests.passes.graphs import Net, applied, types


def test_a_branch_to_nowhere_is_dropped() -> None:
    net = Net(1, 4)
    y = net.add(ReLU(), net.x)
    net.add(ReLU(), net.add(AbsVal(), net.x))
    assert types(applied(drop_unused, net.done(y))) == ["ReLU"]


def test_a_node_of_which_one_output_is_used_stays() -> None:
    net = Net(1, 4)
    first, _ = net.add(Slice(1, (1,)), net.x)
    after = applied(drop_unused, net.done(first))
    assert types(after) == ["Slice"]
    assert len(after.nodes[0].outputs) == 2
