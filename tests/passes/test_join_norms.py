"""Normalisations that a file spells out in arithmetic."""

from __future__ import annotations

from pytorch2caffe.graph.graph import Value
from pytorch2caffe.layers.activation.clip import HUGE, Clip
from pytorch2caffe.layers.elementwise.binary import Binary
from pytorch2caffe.layers.elementwise.eltwise import Eltwise
from pytorch2caffe.layers.elementwise.power import Power
from pytorch2caffe.layers.normalization.group_norm import GroupNorm
from pytorch2caffe.layers.normalization.instance_norm import InstanceNorm
from pytorch2caffe.layers.normalization.l2_normalize import L2Normalize
from pytorch2caffe.layers.normalization.layer_norm import LayerNorm
from pytorch2caffe.layers.normalization.rms_norm import RMSNorm
from pytorch2caffe.layers.reduction.reduce import Reduce
from pytorch2caffe.layers.shape.reshape import Reshape
from pytorch2caffe.layers.shape.tile import Tile
from pytorch2caffe.passes.join_norms import join_norms
from tests.passes.graphs import Net, applied


def mean(net: Net, x: Value, axis: int = 2) -> Value:
    return net.add(Reduce("mean", (axis,), True), x)


def centred(net: Net, axis: int = 2) -> Value:
    return net.add(Binary("sub"), net.x, mean(net, net.x, axis))


def layers(net: Net, y: Value) -> list[object]:
    return [node.layer for node in applied(join_norms, net.done(y), 2e-6).nodes]


def test_layer_norm_with_one_difference_or_two() -> None:
    for twice in (False, True):
        net = Net(2, 3, 8)
        d = centred(net)
        square = net.add(Power(power=2.0), centred(net) if twice else d)
        root = net.add(Power(power=0.5), net.add(Power(shift=1e-5), mean(net, square)))
        assert layers(net, net.add(Binary("div"), d, root)) == [LayerNorm(2, 1e-5)]


def test_layer_norm_by_an_inverse_root() -> None:
    net = Net(2, 3, 8)
    d = centred(net)
    inverse = net.add(Power(power=-0.5, shift=1e-6), mean(net, net.add(Eltwise("PROD"), d, d)))
    assert layers(net, net.add(Binary("mul"), inverse, d)) == [LayerNorm(2, 1e-6)]


def test_rms_norm() -> None:
    net = Net(2, 3, 8)
    inverse = net.add(Power(power=-0.5, shift=1e-6), mean(net, net.add(Power(power=2.0), net.x)))
    assert layers(net, net.add(Binary("mul"), net.x, inverse)) == [RMSNorm(2, 1e-6)]


def test_length_one() -> None:
    net = Net(2, 3, 8)
    total = net.add(Reduce("sum", (1,), True), net.add(Power(power=2.0), net.x))
    length = net.add(Clip(1e-12, HUGE), net.add(Power(power=0.5), total))
    repeated = net.add(Tile(1, 3), length)
    assert layers(net, net.add(Binary("div"), net.x, repeated)) == [L2Normalize(1, 1e-12)]


def test_groups() -> None:
    net = Net(2, 6, 4, 4)
    groups = net.add(InstanceNorm(1e-5), net.add(Reshape((0, 3, -1)), net.x))
    assert layers(net, net.add(Reshape((0, 6, 4, 4)), groups)) == [GroupNorm(3, 1e-5)]


def test_what_is_none_stays() -> None:
    net = Net(2, 3, 8)
    d = centred(net, 1)  # over an axis that others follow
    root = net.add(Power(power=0.5, shift=1e-5), mean(net, net.add(Power(power=2.0), d), 1))
    assert len(layers(net, net.add(Binary("div"), d, root))) == 6
    net = Net(2, 3, 8)  # the deviation of another tensor
    root = net.add(Power(power=0.5, shift=1e-5), mean(net, net.add(Power(power=2.0), centred(net))))
    assert LayerNorm(2, 1e-5) not in layers(net, net.add(Binary("div"), net.x, root))
