"""CReLU: the positive and the negative part side by side, a layer of forks of Caffe."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.caffe_rules import CaffeNode, from_caffe
from ...graph.graph import Value
from ..elementwise.power import Power
from ..shape.concat import Concat
from .relu import ReLU


@from_caffe("CReLU")
def crelu(net: Builder, node: CaffeNode, x: Value) -> Value:
    """max(x, 0) and max(-x, 0), joined along the channels.

    Source: Shang et al., 2016, and the layer of that name in forks of Caffe, crelu_layer.cpp.
    """
    both = net.add(Concat(1), x, net.add(Power(scale=-1.0), x, name="negative"), name="both")
    result: Value = net.add(ReLU(), both)
    return result
