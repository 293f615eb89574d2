"""Layers that a consumer would join wrongly."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest

from pytorch2caffe.graph.graph import Node
from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.basic.dropout import Dropout
from pytorch2caffe.layers.convolution.convolution import Convolution
from pytorch2caffe.layers.elementwise.eltwise import Eltwise
from pytorch2caffe.layers.elementwise.scale import Scale
from pytorch2caffe.layers.linear.inner_product import InnerProduct
from pytorch2caffe.layers.shape.reshape import Reshape
from pytorch2caffe.passes.separate_fused import separate_fused
from tests.passes.graphs import Net, applied, types

MAP = Scale(2, 2)


def scales_join(node: Node, before: Sequence[Node]) -> bool:
    """A consumer that joins each Scale with a Convolution before it, also through Scale and Dropout."""
    reached = next((other for other in before if not isinstance(other.layer, (Scale, Dropout))), None)
    return node.layer == MAP and reached is not None and isinstance(reached.layer, Convolution)


def separated(net: Net, *outputs):
    return types(applied(lambda graph: separate_fused(graph, is_misread=scales_join), net.done(*outputs)))


@pytest.fixture
def net() -> Net:
    return Net(1, 3, 4, 5)


def convolved(net: Net):
    return net.add(Convolution(3, (1, 1), bias_term=False), net.x, blobs=[net.random(3, 3, 1, 1)])


def test_a_reshape_between(net: Net) -> None:
    y = net.add(MAP, convolved(net), blobs=[net.random(4, 5)])
    assert separated(net, y) == ["Convolution", "Reshape", "Scale"]


def test_a_power_where_the_reshape_is_what_is_joined(net: Net) -> None:
    y = net.add(Reshape((0, 6, 10)), net.x)
    y = net.add(InnerProduct(2, False, 2), y, blobs=[net.random(2, 10)])

    def reshapes_join(node: Node, before: Sequence[Node]) -> bool:
        return isinstance(node.layer, InnerProduct) and isinstance(before[0].layer, Reshape)

    separate = partial(separate_fused, is_misread=reshapes_join)
    assert types(applied(separate, net.done(y))) == ["Reshape", "Power", "InnerProduct"]


def test_through_other_layers(net: Net) -> None:
    y = net.add(Dropout(), net.add(Scale(), convolved(net), blobs=[net.random(3)]))
    y = net.add(MAP, y, blobs=[net.random(4, 5)])
    assert separated(net, y) == ["Convolution", "Scale", "Dropout", "Reshape", "Scale"]


def test_one_reshape_for_two_in_a_row(net: Net) -> None:
    y = convolved(net)
    for _ in range(2):
        y = net.add(MAP, y, blobs=[net.random(4, 5)])
    assert separated(net, y) == ["Convolution", "Reshape", "Scale", "Scale"]


def test_not_after_another_layer(net: Net) -> None:
    y = net.add(MAP, net.add(ReLU(), convolved(net)), blobs=[net.random(4, 5)])
    assert separated(net, y) == ["Convolution", "ReLU", "Scale"]


def test_not_where_another_layer_reads_the_convolution_too(net: Net) -> None:
    x = convolved(net)
    y = net.add(Eltwise(), net.add(MAP, x, blobs=[net.random(4, 5)]), x)
    assert separated(net, y) == ["Convolution", "Scale", "Eltwise"]


def test_where_the_convolution_is_an_output(net: Net) -> None:
    x = convolved(net)
    y = net.add(MAP, x, blobs=[net.random(4, 5)])
    assert separated(net, x, y) == ["Convolution", "Reshape", "Scale"]
