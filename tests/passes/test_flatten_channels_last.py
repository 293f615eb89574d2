"""Flattening in the order of TensorFlow."""

from __future__ import annotations

import pytest

from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.linear.inner_product import InnerProduct
from pytorch2caffe.layers.shape.flatten import Flatten
from pytorch2caffe.layers.shape.permute import Permute
from pytorch2caffe.passes.flatten_channels_last import flatten_channels_last
from pytorch2caffe.passes.merge_permutes import merge_permutes
from tests.passes.graphs import Net, applied, types

ORDERS = {(2, 3, 4, 5): (0, 2, 3, 1), (1, 2, 3, 2, 2): (0, 2, 3, 4, 1)}


def classifier(*shape: int) -> Net:
    net = Net(*shape)
    row = net.add(ReLU(), net.add(Flatten(), net.x))
    size = row.shape[1]
    net.done(*(net.add(InnerProduct(7), row, blobs=[net.random(7, size), net.random(7)]) for _ in range(2)))
    return net


@pytest.mark.parametrize("shape", ORDERS, ids=str)
def test_a_permute_before_the_flattening_and_its_inverse_in_the_weights(shape) -> None:
    after = applied(flatten_channels_last, classifier(*shape).graph, 1e-6)
    assert types(after) == ["Permute", "Flatten", "ReLU", "InnerProduct", "InnerProduct"]
    assert after.nodes[0].layer == Permute(ORDERS[shape])


def test_merge_permutes_undoes_it() -> None:
    graph = classifier(2, 3, 4, 5).graph
    again = applied(merge_permutes, applied(flatten_channels_last, graph, 1e-6), 1e-6)
    assert types(again) == types(graph)
    assert (again.nodes[-1].blobs[0] == graph.nodes[-1].blobs[0]).all()


def test_a_flattening_that_is_an_output_stays() -> None:
    net = Net(2, 3, 4, 5)
    assert types(applied(flatten_channels_last, net.done(net.add(Flatten(), net.x)))) == ["Flatten"]


def test_many_elementwise_layers_in_a_row() -> None:
    net = Net(1, 2, 2, 2)
    row = net.add(Flatten(), net.x)
    for _ in range(2000):  # deeper than Python's stack
        row = net.add(ReLU(), row)
    y = net.add(InnerProduct(3), row, blobs=[net.random(3, 8), net.random(3)])
    assert types(applied(flatten_channels_last, net.done(y), 1e-6))[0] == "Permute"
