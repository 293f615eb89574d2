"""Outputs that nothing else reads."""

from __future__ import annotations

from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.elementwise.absval import AbsVal
from pytorch2caffe.passes.separate_outputs import separate_outputs
from tests.passes.graphs import Net, applied, types


def test_an_output_that_a_node_reads_is_copied() -> None:
    net = Net(1, 4)
    first = net.add(AbsVal(), net.x, name="abs")
    after = applied(separate_outputs, net.done(first, net.add(ReLU(), first, name="relu")))
    assert types(after) == ["AbsVal", "ReLU", "Split"]
    assert after.outputs["y"].name == after.nodes[2].name == "y.output"
    assert after.nodes[2].inputs == after.nodes[0].outputs


def test_an_input_that_is_an_output_is_copied() -> None:
    net = Net(1, 4)
    assert types(applied(separate_outputs, net.done(net.x))) == ["Split"]


def test_the_second_name_of_an_output_gets_a_copy() -> None:
    net = Net(1, 4)
    y = net.add(ReLU(), net.x)
    after = applied(separate_outputs, net.done(y, y))
    assert types(after) == ["ReLU", "Split"]
    assert after.outputs["y"] is after.nodes[0].outputs[0]


def test_an_output_of_its_own_stays() -> None:
    net = Net(1, 4)
    assert types(applied(separate_outputs, net.done(net.add(ReLU(), net.x)))) == ["ReLU"]
