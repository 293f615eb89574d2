"""Upsampling and PixelShuffle, as Caffe's Deconvolution expresses them."""

from __future__ import annotations

import numpy as np

from ..graph.graph import Graph, Node
from ..graph.registry import Layer
from ..layers.convolution.deconvolution import Deconvolution
from ..layers.resize.interpolate import Interpolate
from ..layers.resize.pixel_shuffle import PixelShuffle


def join_upsamplings(graph: Graph) -> None:
    """Makes a Deconvolution that only copies numbers the layer that it stands for.

    before: x[1, 8, H, W] -> Deconvolution(kernel 2, stride 2, group 8, weights 1) -> y
    after:  x -> Interpolate(2 H, 2 W, nearest) -> y

    before: x[1, 8, H, W] -> Deconvolution(2, kernel 2, stride 2, group 2, one weight of 1 per channel) -> y
    after:  x -> PixelShuffle(2) -> y

    Not changed: other weights, a bias, padding.
    """
    for node in graph.nodes:
        layer = _layer(node)
        if layer is not None:
            node.layer, node.blobs = layer, ()


def _layer(node: Node) -> Layer | None:
    layer = node.layer
    if not isinstance(layer, Deconvolution) or layer.bias_term or len(layer.kernel_size) != 2 or not node.blobs:
        return None
    factors, weight = layer.kernel_size, node.blobs[0]
    plain = layer.stride == factors and set(layer.pad) == {0} and set(layer.dilation) == {1}
    if not plain or layer.group != layer.num_output or factors == (1, 1):
        return None
    if len(weight) == layer.num_output and (weight == 1).all():
        height, width = node.outputs[0].shape[2:]
        return Interpolate((height, width), scale=tuple(map(float, factors)))
    r = factors[0]
    positions = np.eye(r**2, dtype=np.float32).reshape(r**2, 1, r, r)
    if factors == (r, r) and len(weight) == layer.num_output * r**2:
        return PixelShuffle(r) if (weight.reshape(-1, r**2, 1, r, r) == positions).all() else None
    return None
