"""Additions that are the bias of the layer before them."""

from __future__ import annotations

from pytorch2caffe.layers.convolution.convolution import Convolution
from pytorch2caffe.layers.elementwise.scale import Bias, Scale
from pytorch2caffe.layers.linear.inner_product import InnerProduct
from pytorch2caffe.passes.join_biases import join_biases
from tests.passes.graphs import Net, applied, types


def test_a_bias_becomes_part_of_the_layer() -> None:
    net = Net(2, 3, 4, 4)
    y = net.add(Convolution(5, (1, 1), bias_term=False), net.x, blobs=[net.random(5, 3, 1, 1)], name="conv")
    y = net.add(Bias(1, 1), y, blobs=[net.random(5)], name="add")
    y = net.add(Scale(1, 1), y, blobs=[net.random(5)])
    y = net.add(Bias(1, 1), y, blobs=[net.random(5)])
    y = net.add(InnerProduct(7, False, 3), y, blobs=[net.random(7, 4)])
    after = applied(join_biases, net.done(net.add(Bias(3, 1), y, blobs=[net.random(7)])), tolerance=1e-6)
    assert types(after) == ["Convolution", "Scale", "InnerProduct"]
    assert after.nodes[0].name == "conv" and all(len(node.blobs) == 2 for node in after.nodes)


def test_other_axes_and_values_that_are_read_twice_stay() -> None:
    net = Net(2, 3, 4, 4)
    conv = net.add(Convolution(4, (1, 1), bias_term=False), net.x, blobs=[net.random(4, 3, 1, 1)])
    graph = net.done(net.add(Bias(3, 1), conv, blobs=[net.random(4)]))
    assert types(applied(join_biases, graph)) == ["Convolution", "Bias"]
    graph = net.done(net.add(Bias(1, 1), conv, blobs=[net.random(4)]), conv)
    assert "Bias" in types(applied(join_biases, graph))
