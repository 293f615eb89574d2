"""Outputs in the order of the model."""

from __future__ import annotations

from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.elementwise.absval import AbsVal
from pytorch2caffe.layers.shape.slice import slice_at
from pytorch2caffe.passes.order_outputs import order_outputs
from tests.passes.graphs import Net, applied, types


def in_file_order(graph: Graph) -> list[str]:
    """The outputs in the order in which the layers write them."""
    names = {value: name for name, value in graph.outputs.items()}
    return [names[value] for value in graph.values() if value in names]


def test_a_layer_of_a_later_output_is_moved_back() -> None:
    net = Net(1, 4)
    third = net.add(AbsVal(), net.x, name="p5")
    first, second = net.add(ReLU(), net.x, name="p3"), net.add(ReLU(), net.x, name="p4")
    after = applied(order_outputs, net.done(first, second, third))
    assert in_file_order(after) == ["y", "y1", "y2"]
    assert [node.name for node in after.nodes] == ["p3", "p4", "p5"]


def test_outputs_in_order_stay() -> None:
    net = Net(1, 4)
    first = net.add(AbsVal(), net.x, name="a")
    inner = net.add(ReLU(), net.x, name="b")
    after = applied(order_outputs, net.done(first, net.add(AbsVal(), inner, name="c")))
    assert [node.name for node in after.nodes] == ["a", "b", "c"]


def test_reversed() -> None:
    net = Net(1, 4)
    values = [net.add(ReLU(), net.x, name=f"r{index}") for index in range(5)]
    after = applied(order_outputs, net.done(*reversed(values)))
    assert [node.name for node in after.nodes] == ["r4", "r3", "r2", "r1", "r0"]


def test_the_pieces_of_a_slice_in_their_order_move_together() -> None:
    net = Net(1, 4)
    a, b = slice_at(net, net.x, 1, [2], "cut")
    after = applied(order_outputs, net.done(net.add(ReLU(), net.x), a, b))
    assert in_file_order(after) == ["y", "y1", "y2"]
    assert types(after) == ["ReLU", "Slice"]


def test_the_pieces_of_a_slice_in_another_order_are_copied() -> None:
    net = Net(1, 4)
    a, b = slice_at(net, net.x, 1, [2], "cut")
    after = applied(order_outputs, net.done(b, a))
    assert in_file_order(after) == ["y", "y1"]
    assert types(after) == ["Slice", "Split"]


def test_a_piece_whose_other_piece_is_read_is_copied() -> None:
    net = Net(1, 4)
    a, b = slice_at(net, net.x, 1, [2], "cut")
    after = applied(order_outputs, net.done(net.add(ReLU(), a), b))
    assert in_file_order(after) == ["y", "y1"]
    assert types(after) == ["Slice", "ReLU", "Split"]
