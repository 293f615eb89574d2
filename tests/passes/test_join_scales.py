"""Two factors of a matrix product."""

from __future__ import annotations

from pytorch2caffe.layers.elementwise.power import Power
from pytorch2caffe.layers.linear.matmul import MatMul
from pytorch2caffe.layers.shape.permute import Permute
from pytorch2caffe.passes.join_scales import join_scales
from tests.passes.graphs import Net, applied


def test_one_factor_is_left() -> None:
    net = Net(2, 4, 4)
    left = net.add(Power(scale=0.5), net.x)
    right = net.add(Power(scale=0.25), net.add(Permute((0, 2, 1)), net.x))
    after = applied(join_scales, net.done(net.add(MatMul(), left, right)))
    assert [node.layer for node in after.nodes] == [Power(scale=0.125), Permute((0, 2, 1)), MatMul()]


def test_a_factor_that_another_layer_reads_stays() -> None:
    net = Net(2, 4, 4)
    left = net.add(Power(scale=0.5), net.x)
    right = net.add(Power(scale=0.25), net.x)
    graph = net.done(net.add(MatMul(), left, right), left)
    assert len(applied(join_scales, graph).nodes) == 3
