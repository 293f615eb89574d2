"""Spatial pyramid pooling, level by level."""

from __future__ import annotations

from functools import partial

from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.pooling.spp import SPP
from pytorch2caffe.passes.expand_spp import expand_spp
from pytorch2caffe.runtime.infer import infer
from tests.passes.graphs import Net, applied, types


def test_one_pooling_for_each_level() -> None:
    net = Net(2, 3, 9, 8)
    y = net.add(SPP(3), net.add(ReLU(), net.x), name="spp")
    after = applied(partial(expand_spp, infer=infer), net.done(net.add(ReLU(), y)))
    assert types(after) == ["ReLU", *["Pooling"] * 3, *["Flatten"] * 3, "Concat", "ReLU"]
    assert all(node.name.startswith("spp.") for node in after.nodes[1:-1])
    assert after.nodes[-2].outputs[0].name == "spp"


def test_new_names_are_unique() -> None:
    net = Net(2, 3, 9, 8)
    x = net.add(ReLU(), net.x, name="spp.pool")
    y = net.add(SPP(1), net.add(SPP(1), x, name="spp"), name="spp")
    assert types(applied(partial(expand_spp, infer=infer), net.done(y))) == ["ReLU", "Pooling", "Pooling"]
