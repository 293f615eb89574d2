"""Outputs that nothing else reads."""

from __future__ import annotations

from functools import partial

from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.elementwise.absval import AbsVal
from pytorch2caffe.layers.elementwise.power import Power
from pytorch2caffe.layers.shape.slice import slice_at
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


def test_each_name_of_an_output_gets_a_copy() -> None:
    """A copy for the second name alone would read the first, which then is no unread top."""
    net = Net(1, 4)
    y = net.add(ReLU(), net.x)
    after = applied(separate_outputs, net.done(y, y))
    assert types(after) == ["ReLU", "Split", "Split"]
    assert [value.name for value in after.outputs.values()] == ["y.output", "y1.output"]
    assert not set(after.outputs.values()) & set(after.consumers())


def test_an_output_of_a_layer_with_several_tops_is_copied_where_layers_are_listed() -> None:
    net = Net(1, 4)
    graph = net.done(*slice_at(net, net.x, 1, [2], "cut"))
    assert types(applied(separate_outputs, graph)) == ["Slice"]
    assert types(applied(partial(separate_outputs, one_top=True), graph)) == ["Slice", "Split", "Split"]


def test_the_layer_that_copies_is_the_targets() -> None:
    net = Net(1, 4)
    assert types(applied(partial(separate_outputs, copy=Power()), net.done(net.x))) == ["Power"]


def test_an_output_of_its_own_stays() -> None:
    net = Net(1, 4)
    assert types(applied(separate_outputs, net.done(net.add(ReLU(), net.x)))) == ["ReLU"]
