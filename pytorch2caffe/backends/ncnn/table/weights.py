"""Weight scales: 127 / max|w| for each output, or for each group of a grouped convolution."""

from __future__ import annotations

import numpy as np

from ....graph.graph import Node
from ....layers.convolution.convolution import Convolution
from ....layers.linear.inner_product import InnerProduct

MAX_INT8 = 127
MAX_WINOGRAD = 31  # 6 bits, for 3x3 convolutions of stride 1
MIN_MAGNITUDE = 1e-30  # smaller numbers are treated as 0: 127 / x would not be a float32


def scale_count(node: Node) -> int:
    """How many weight scales ncnn reads for a node: one per group if there are groups, else one per output."""
    layer = node.layer
    assert isinstance(layer, (Convolution, InnerProduct))
    return layer.group if isinstance(layer, Convolution) and layer.group > 1 else layer.num_output


def absmax_per_scale(node: Node) -> np.ndarray:
    """The largest |weight| for each scale of a node, [scales]."""
    return np.abs(weight_rows(node)).max(axis=1, initial=0)


def weight_rows(node: Node) -> np.ndarray:
    """A node's weights with one row per scale, [scales, weights per scale]."""
    weight = node.blobs[0]
    if isinstance(node.layer, InnerProduct) and node.layer.transpose:
        weight = weight.T
    return weight.reshape(scale_count(node), -1)


def weight_scales(
    node: Node, *, per_channel: bool = True, winograd: bool = False, smallest: float = MIN_MAGNITUDE
) -> np.ndarray:
    """The weight scales of a node, float64 [num_output or group]; 0 where the largest |weight| is below `smallest`.

    per_channel: one scale per output or group; else the same for all, from the largest weight of the layer.
    winograd:    scale the weights to 31 instead of 127, see `winograd_applies`.
    """
    largest = absmax_per_scale(node).astype(np.float64)
    if not per_channel:
        largest[:] = largest.max()
    levels = MAX_WINOGRAD if winograd else MAX_INT8
    with np.errstate(divide="ignore"):
        return np.where(largest < smallest, 0.0, levels / largest)


def winograd_applies(node: Node, reference: bool = False) -> bool:
    """Whether ncnn computes a node by Winograd's algorithm: a 3x3 convolution, stride 1, no groups, no dilation.

    reference: use the condition of the reference tool, which checks one axis and ignores dilation and most groups.
    """
    layer = node.layer
    if reference:
        return (
            isinstance(layer, Convolution)
            and (layer.kernel_size[0], layer.stride[0]) == (3, 1)
            and layer.group != layer.num_output
        )
    return (
        isinstance(layer, Convolution)
        and layer.kernel_size == (3, 3)
        and layer.stride == (1, 1)
        and layer.dilation == (1, 1)
        and layer.group == 1
    )
