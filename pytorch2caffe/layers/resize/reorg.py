"""Reorg: Darknet's rearrangement of a map into one of more channels, a layer of YOLOv2's forks of Caffe."""

from __future__ import annotations

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.caffe_rules import CaffeNode, from_caffe
from ...graph.graph import Value
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to


@from_caffe("Reorg", param="reorg_param")
def caffe_reorg(net: Builder, node: CaffeNode, x: Value) -> Value:
    """As Darknet's.  Source: reorg_layer.cpp of YOLOv2's forks of Caffe, which has Darknet's loop."""
    return reorg(net, x, node.param["stride"], reverse=node.param.get("reverse", False))


def reorg(net: Builder, x: Value, stride: int, *, reverse: bool = False) -> Value:
    """[N, C, H, W] to [N, C * stride^2, H / stride, W / stride], and back if reversed, in Darknet's order.

    Darknet reads the numbers as a map of C / stride^2 channels, H * stride rows and W * stride columns, and writes the
    pixels of each square of it to as many channels of H rows and W columns. Source: Darknet, blas.c, reorg_cpu.
    """
    n, c, h, w = x.shape
    square = stride * stride
    if c % square or not reverse and (h % stride or w % stride):
        raise Refused(f"Reorg of {x} by {stride}", "use channels, rows and columns that its stride divides")
    if reverse:
        parts = reshape_to(net, x, (n, stride, stride, c // square, h, w), "parts")
        moved = permute_to(net, parts, [0, 3, 4, 1, 5, 2])
        return reshape_to(net, moved, (n, c // square, h * stride, w * stride))  # type: ignore[no-any-return]
    parts = reshape_to(net, x, (n, c // square, h, stride, w, stride), "parts")
    moved = permute_to(net, parts, [0, 3, 5, 1, 2, 4])
    return reshape_to(net, moved, (n, c * square, h // stride, w // stride))  # type: ignore[no-any-return]
