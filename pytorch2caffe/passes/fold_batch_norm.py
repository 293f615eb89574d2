"""BatchNorm and Scale folded into weights."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from ..graph.graph import Graph, Node
from ..graph.registry import Layer
from ..layers.convolution.convolution import Convolution
from ..layers.convolution.deconvolution import Deconvolution
from ..layers.elementwise.scale import Bias, Scale, per_channel
from ..layers.linear.inner_product import InnerProduct
from ..layers.normalization.batch_norm import BatchNorm
from .pairs import pairs

WEIGHTED = (Convolution, Deconvolution, InnerProduct)


def fold_batch_norm(graph: Graph) -> None:
    """Folds BatchNorm and Scale into the weights of the preceding layer, computed in double precision.

    before: x -> Convolution(W, b) -> BatchNorm(mean, variance) -> Scale(weight, bias) -> y
    after:  x -> Convolution(W * s, (b - mean) * s + bias) -> y, with s = weight / sqrt(variance + eps) per channel

    Deconvolution and InnerProduct are handled likewise. After any other layer a BatchNorm becomes a Scale, and two
    Scales become one. Not folded: layers whose input has another consumer or is an output, weights that several
    layers share, BatchNorm that uses the statistics of the batch. Equal up to the rounding of float32.
    """
    shared = _shared(graph)
    for node in graph.nodes:
        if isinstance(node.layer, (BatchNorm, Bias)) and not shared & set(map(id, node.blobs)):
            _as_scale(node)
    folded: set[Node] = set()
    factors: dict[Node, list[np.ndarray]] = {}  # of weights: applied at the end, a layer at a time, to save memory
    for first, second in pairs(graph):
        if shared & set(map(id, (*first.blobs, *second.blobs))) or not per_channel(second):
            continue
        if isinstance(first.layer, WEIGHTED) and _channels_are_axis_1(first):
            layer: Layer = replace(first.layer, bias_term=True)
        elif per_channel(first):
            layer = Scale(bias_term=True)
        else:
            continue
        scale, shift = (blob.astype(np.float64) for blob in _with_bias(second))
        weight, bias = _with_bias(first)
        if isinstance(first.layer, WEIGHTED):
            factors[second] = [*factors.pop(first, []), scale]
        else:
            weight = weight.astype(np.float64) * scale
        second.layer, second.inputs = layer, first.inputs
        second.blobs = weight, bias.astype(np.float64) * scale + shift
        if isinstance(first.layer, WEIGHTED):
            second.name, second.module, second.line = first.name, first.module, first.line
        folded.add(first)
    graph.nodes[:] = [node for node in graph.nodes if node not in folded]
    for node, scales in factors.items():
        weight = node.blobs[0].astype(np.float64)
        for scale in scales:
            weight = _times(node, weight, scale)
        node.blobs = weight.astype(np.float32), *node.blobs[1:]
    for node in graph.nodes:  # rounded once, after all folding
        if any(blob.dtype == np.float64 for blob in node.blobs):
            node.blobs = tuple(blob.astype(np.float32) for blob in node.blobs)


def _shared(graph: Graph) -> set[int]:
    """The identities of the arrays that several nodes have."""
    uses = Counter(id(blob) for node in graph.nodes for blob in node.blobs)
    return {blob for blob, count in uses.items() if count > 1}


def _as_scale(node: Node) -> None:
    if isinstance(node.layer, Bias):
        if len(node.inputs) == 1:
            node.blobs = (np.ones_like(node.blobs[0]), *node.blobs)
            node.layer = Scale(node.layer.axis, node.layer.num_axes, True)
        return
    layer = node.layer
    if isinstance(layer, BatchNorm) and layer.use_global_stats:
        mean, variance, factor = (blob.reshape(-1).astype(np.float64) for blob in node.blobs)
        unit = 1 / factor[0] if factor[0] else 0.0
        scale = 1 / np.sqrt(variance * unit + layer.eps)
        node.layer, node.blobs = Scale(bias_term=True), (scale, -mean * unit * scale)


def _channels_are_axis_1(node: Node) -> bool:
    return not isinstance(node.layer, InnerProduct) or len(node.outputs[0].shape) == 2


def _with_bias(node: Node) -> tuple[np.ndarray, np.ndarray]:
    size = node.blobs[0].size if isinstance(node.layer, Scale) else node.layer.num_output  # type: ignore[attr-defined]
    return node.blobs[0], node.blobs[1] if len(node.blobs) > 1 else np.zeros(size)


def _times(node: Node, weight: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The weight such that each output channel is multiplied by its number in `scale`."""
    layer = node.layer
    if isinstance(layer, Deconvolution):  # [group * in, out, kernel]
        grouped = weight.reshape(layer.group, -1, *weight.shape[1:])
        return (grouped * scale.reshape(layer.group, 1, -1, *(1,) * (weight.ndim - 2))).reshape(weight.shape)
    if isinstance(layer, InnerProduct) and layer.transpose:
        return weight * scale
    return weight * scale.reshape(-1, *(1,) * (weight.ndim - 1))
