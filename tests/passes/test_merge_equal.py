"""Layers that compute the same."""

from __future__ import annotations

from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.elementwise.eltwise import Eltwise
from pytorch2caffe.layers.elementwise.power import Power
from pytorch2caffe.layers.linear.inner_product import InnerProduct
from pytorch2caffe.layers.shape.slice import slice_at
from pytorch2caffe.passes.merge_equal import merge_equal
from tests.passes.graphs import Net, applied, types


def test_equal_layers_and_what_follows_them() -> None:
    net = Net(1, 4)
    one, other = (net.add(ReLU(), net.add(Power(2.0), net.x)) for _ in range(2))
    after = applied(merge_equal, net.done(net.add(Eltwise("SUM"), one, other)))
    assert types(after) == ["Power", "ReLU", "Eltwise"]


def test_other_settings_or_inputs_stay() -> None:
    net = Net(1, 4)
    one, other = net.add(Power(2.0), net.x), net.add(Power(3.0), net.x)
    after = applied(merge_equal, net.done(net.add(Eltwise("SUM"), net.add(ReLU(), one), net.add(ReLU(), other))))
    assert types(after) == ["Power", "Power", "ReLU", "ReLU", "Eltwise"]


def test_weights_are_the_same_if_they_are_the_same_arrays() -> None:
    net = Net(1, 4)
    weight, bias = net.random(4, 4), net.random(4)
    blobs = [weight, bias], [weight, bias], [weight.copy(), bias]
    values = [net.add(InnerProduct(4), net.x, blobs=own) for own in blobs]
    after = applied(merge_equal, net.done(net.add(Eltwise("SUM"), *values)))
    assert types(after) == ["InnerProduct", "InnerProduct", "Eltwise"]


def test_layers_of_several_outputs() -> None:
    net = Net(1, 4)
    pairs = [slice_at(net, net.x, 1, [2], "cut") for _ in range(2)]
    after = applied(merge_equal, net.done(net.add(Eltwise("SUM"), pairs[0][0], pairs[1][1])))
    assert types(after) == ["Slice", "Eltwise"]


def test_outputs_keep_their_layers() -> None:
    net = Net(1, 4)
    graph = net.done(net.add(ReLU(), net.x), net.add(ReLU(), net.x))
    assert types(applied(merge_equal, graph)) == ["ReLU", "ReLU"]
