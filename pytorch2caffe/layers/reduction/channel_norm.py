"""ChannelNorm: the length of the vector at each position, the layer of FlowNet 2's fork of Caffe."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.caffe_rules import CaffeNode, from_caffe
from ...graph.graph import Value
from ..elementwise.power import Power
from .reduce import Reduce


@from_caffe("ChannelNorm")
def channel_norm(net: Builder, node: CaffeNode, x: Value) -> Value:
    """The root of the sum of the squares over the channels, [N, 1, H, W].

    Source: FlowNet 2's fork of Caffe, channel_norm_layer.cpp.
    """
    square = net.add(Power(power=2.0), x, name="square")
    result: Value = net.add(Power(power=0.5), net.add(Reduce("sum", (1,), True), square, name="sum"))
    return result
