"""Values that are neither read nor outputs."""

from __future__ import annotations

from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.shape.slice import Slice
from pytorch2caffe.passes.silence_unused import silence_unused
from tests.passes.graphs import Net, applied, types


def test_outputs_of_a_node_that_nothing_uses_are_silenced_after_it() -> None:
    net = Net(1, 4)
    first, _, _ = net.add(Slice(1, (1, 2)), net.x, name="cut")
    after = applied(silence_unused, net.done(net.add(ReLU(), first)))
    assert types(after) == ["Slice", "Silence", "ReLU"]
    assert after.nodes[1].name == "cut.unused"
    assert after.nodes[1].inputs == after.nodes[0].outputs[1:]


def test_inputs_that_nothing_uses_are_silenced_at_the_start() -> None:
    net = Net(1, 4)
    net.input("mask", (1, 4))
    net.input("length", (1,))
    after = applied(silence_unused, net.done(net.add(ReLU(), net.x)))
    assert types(after) == ["Silence", "ReLU"]
    assert after.nodes[0].inputs == after.inputs[1:]


def test_what_is_used_stays_as_it_is() -> None:
    net = Net(1, 4)
    first, second = net.add(Slice(1, (1,)), net.x)
    assert types(applied(silence_unused, net.done(net.add(ReLU(), first), second))) == ["Slice", "ReLU"]
