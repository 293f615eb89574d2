"""Reshapes of what is computed row by row."""

from __future__ import annotations

from pytorch2caffe.layers.linear.inner_product import InnerProduct
from pytorch2caffe.layers.shape.flatten import Flatten
from pytorch2caffe.layers.shape.reshape import Reshape
from pytorch2caffe.passes.merge_reshapes import merge_reshapes
from pytorch2caffe.passes.sink_reshapes import sink_reshapes
from tests.passes.graphs import Net, applied, types


def linear(net: Net, x, axis: int):
    return net.add(InnerProduct(3, True, axis), x, blobs=[net.random(3, x.shape[-1]), net.random(3)])


def test_a_transposed_batch_of_one_stays_where_it_is() -> None:
    net = Net(1, 5, 8)
    y = linear(net, net.add(Reshape((5, 1, 8)), net.x), 2)
    y = linear(net, net.add(Reshape((5, 3)), y), 1)
    sunk = applied(sink_reshapes, net.done(net.add(Reshape((1, 5, 3)), y)), tolerance=1e-6)
    assert types(sunk) == ["InnerProduct", "InnerProduct", "Reshape", "Reshape"]
    assert types(applied(merge_reshapes, sunk)) == ["InnerProduct", "InnerProduct", "Reshape"]


def test_rows_of_all_samples() -> None:
    net = Net(2, 4, 5, 8)
    after = applied(sink_reshapes, net.done(linear(net, net.add(Reshape((40, 8)), net.x), 1)), tolerance=1e-6)
    assert types(after) == ["InnerProduct", "Reshape"]
    assert after.nodes[0].layer == InnerProduct(3, True, 3)


def test_others_stay() -> None:
    net = Net(2, 4, 8)
    for x, axis in ((net.add(Reshape((0, 32)), net.x), 1), (net.add(Flatten(0, 1), net.x), 0)):
        y = net.add(InnerProduct(3, False, axis), x, blobs=[net.random(3, 32 if axis else 64)])
        assert types(applied(sink_reshapes, net.done(y)))[-1] == "InnerProduct"
