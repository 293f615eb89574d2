"""Split layers."""

from __future__ import annotations

from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.basic.split import Split
from pytorch2caffe.layers.elementwise.eltwise import Eltwise
from pytorch2caffe.passes.drop_splits import drop_splits
from tests.passes.graphs import Net, applied, types


def test_what_reads_a_copy_reads_the_value() -> None:
    net = Net(1, 4)
    a, b = net.add(Split(2), net.add(ReLU(), net.x))
    after = applied(drop_splits, net.done(net.add(Eltwise(), a, net.add(Split(), b))))
    assert types(after) == ["ReLU", "Eltwise"]
    assert after.nodes[1].inputs == after.nodes[0].outputs * 2


def test_copies_that_are_outputs_become_the_value() -> None:
    net = Net(1, 4)
    after = applied(drop_splits, net.done(*net.add(Split(2), net.x)))
    assert types(after) == []
    assert list(after.outputs.values()) == after.inputs * 2
