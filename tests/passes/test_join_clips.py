"""Bounds that are expressed in Power and Eltwise."""

from __future__ import annotations

from pytorch2caffe.graph.graph import Value
from pytorch2caffe.layers.activation.clip import HUGE, Clip
from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.elementwise.eltwise import Eltwise
from pytorch2caffe.layers.elementwise.power import Power
from pytorch2caffe.passes.join_clips import join_clips
from tests.passes.graphs import Net, applied, types


def at_least(net: Net, x: Value, bound: float) -> Value:
    return net.add(Eltwise("MAX"), x, net.add(Power(scale=0.0, shift=bound), x))


def at_most(net: Net, x: Value, bound: float) -> Value:
    return net.add(Power(scale=-1.0), at_least(net, net.add(Power(scale=-1.0), x), -bound))


def test_relu6() -> None:
    net = Net(2, 4)
    after = applied(join_clips, net.done(at_most(net, net.add(ReLU(), net.x), 6.0)))
    assert [node.layer for node in after.nodes] == [Clip(0.0, 6.0)]


def test_a_lower_and_an_upper_bound() -> None:
    net = Net(2, 4)
    after = applied(join_clips, net.done(at_most(net, at_least(net, net.x, -1.0), 2.0)))
    assert [node.layer for node in after.nodes] == [Clip(-1.0, 2.0)]


def test_one_bound() -> None:
    net = Net(2, 4)
    assert [n.layer for n in applied(join_clips, net.done(at_least(net, net.x, -1.0))).nodes] == [Clip(-1.0, HUGE)]
    net = Net(2, 4)
    assert [n.layer for n in applied(join_clips, net.done(at_most(net, net.x, 2.0))).nodes] == [Clip(-HUGE, 2.0)]


def test_a_relu_that_another_node_reads_too_stays() -> None:
    net = Net(2, 4)
    relu = net.add(ReLU(), net.x)
    y = net.add(Eltwise("SUM"), at_most(net, relu, 6.0), relu)
    assert types(applied(join_clips, net.done(y))) == ["ReLU", "Clip", "Eltwise"]


def test_a_maximum_of_two_values_stays() -> None:
    net = Net(2, 4)
    y = net.add(Eltwise("MAX"), net.x, net.add(Power(scale=2.0), net.x))
    assert types(applied(join_clips, net.done(y))) == ["Power", "Eltwise"]
