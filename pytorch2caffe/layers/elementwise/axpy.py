"""Axpy: scaled channels plus another map, the layer of SENet's fork of Caffe."""

from __future__ import annotations

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.caffe_rules import CaffeNode, from_caffe
from ...graph.graph import Value
from ..shape.reshape import reshape_to
from .eltwise import Eltwise
from .scale import Scale


@from_caffe("Axpy", in_place=False)
def axpy(net: Builder, node: CaffeNode, a: Value, x: Value, y: Value) -> Value:
    """a[n, c] * x[n, c, :, :] + y.  Source: SENet's fork of Caffe, axpy_layer.cpp."""
    if x.shape != y.shape or a.shape[:2] != x.shape[:2] or any(size != 1 for size in a.shape[2:]):
        raise Refused(f"Axpy of {a}, {x}, {y}", "give it a factor per channel, and two maps of one shape")
    scaled = net.add(Scale(0), x, reshape_to(net, a, a.shape[:2], "factors"), name="scaled")
    result: Value = net.add(Eltwise("SUM"), scaled, y)
    return result
