"""Dropout layers."""

from __future__ import annotations

from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.basic.dropout import Dropout
from pytorch2caffe.passes.drop_dropouts import drop_dropouts
from tests.passes.graphs import Net, applied, types


def test_dropped() -> None:
    net = Net(1, 4)
    y = net.add(ReLU(), net.add(Dropout(), net.add(Dropout(), net.x)))
    assert types(applied(drop_dropouts, net.done(y))) == ["ReLU"]


def test_an_output_keeps_its_layer() -> None:
    net = Net(1, 4)
    assert types(applied(drop_dropouts, net.done(net.add(Dropout(), net.x)))) == ["Dropout"]
