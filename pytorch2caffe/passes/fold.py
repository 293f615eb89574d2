"""Constants of neighbouring layers made one: Power after Power, BatchNorm and Scale into the weights before them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ..graph.graph import Graph, Node
from ..graph.registry import Layer
from ..layers.convolution.convolution import Convolution
from ..layers.convolution.deconvolution import Deconvolution
from ..layers.elementwise.power import Power
from ..layers.elementwise.scale import Bias, Scale, per_channel
from ..layers.linear.inner_product import InnerProduct
from ..layers.normalization.batch_norm import BatchNorm

WEIGHTED = (Convolution, Deconvolution, InnerProduct)


def merge_powers(graph: Graph) -> None:
    """Makes one Power of two, where not a bit of the result changes: their factors join exactly, one being +-2^n.

    before: x -> Power(scale -1) -> Power(scale 3, shift 1) -> y
    after:  x -> Power(scale -3, shift 1) -> y
    """
    for first, second in _pairs(graph):
        a, b = first.layer, second.layer
        if not isinstance(a, Power) or not isinstance(b, Power) or a.power != 1 or a.scale * b.scale * b.power == 0:
            continue
        if a.shift == 0 and (_power_of_two(a.scale) or _power_of_two(b.scale)):
            _join(graph, first, second, replace(b, scale=a.scale * b.scale))
        elif b.shift == 0 and _power_of_two(b.scale):
            _join(graph, first, second, replace(b, scale=a.scale * b.scale, shift=a.shift * b.scale))


def _power_of_two(number: float) -> bool:
    return abs(math.frexp(number)[0]) == 0.5 and 2**-24 <= abs(number) <= 2**24


def fold_batch_norm(graph: Graph) -> None:
    """Puts BatchNorm and Scale into the weights of the layer before them, computed in double precision.

    before: x -> Convolution(W, b) -> BatchNorm(mean, variance) -> Scale(weight, bias) -> y
    after:  x -> Convolution(W * s, (b - mean) * s + bias) -> y, with s = weight / sqrt(variance + eps) per channel

    A Deconvolution or InnerProduct likewise. A BatchNorm behind anything else becomes a Scale, and two Scales one.
    Left as they are: what reads a value that is used elsewhere or is an output, weights that several layers
    share, statistics of the batch itself. Equal up to the rounding of float32.
    """
    shared = _shared(graph)
    for node in graph.nodes:
        if node.layer.type in ("BatchNorm", "Bias") and not shared & set(map(id, node.blobs)):
            _as_scale(node)
    for first, second in _pairs(graph):
        if shared & set(map(id, (*first.blobs, *second.blobs))) or not per_channel(second):
            continue
        if isinstance(first.layer, WEIGHTED) and _channels_are_axis_1(first):
            layer: Layer = replace(first.layer, bias_term=True)
        elif per_channel(first):
            layer = Scale(bias_term=True)
        else:
            continue
        second.blobs = _folded(first, second)
        _join(graph, first, second, layer)


def _shared(graph: Graph) -> set[int]:
    seen: set[int] = set()
    blobs = [id(blob) for node in graph.nodes for blob in node.blobs]
    return {blob for blob in blobs if blob in seen or seen.add(blob)}  # type: ignore[func-returns-value]


def _pairs(graph: Graph) -> list[tuple[Node, Node]]:
    """Neighbours of which only the second reads what the first writes, in order; they may be joined one by one."""
    consumers, producers = graph.consumers(), graph.producers()
    outputs = set(graph.outputs.values())
    return [
        (producers[node.inputs[0]], node)
        for node in graph.nodes
        if len(node.inputs) == len(node.outputs) == 1
        and node.inputs[0] in producers
        and len(producers[node.inputs[0]].outputs) == 1
        and len(consumers[node.inputs[0]]) == 1
        and node.inputs[0] not in outputs
    ]


def _join(graph: Graph, first: Node, second: Node, layer: Layer) -> None:
    """`second` becomes both, reads what `first` read, and has its place if `first` is the layer with the weights."""
    second.layer = layer
    second.inputs = first.inputs
    if isinstance(first.layer, WEIGHTED):
        second.name, second.module, second.line = first.name, first.module, first.line
    graph.nodes.remove(first)


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
        node.layer, node.blobs = Scale(bias_term=True), _float32(scale, -mean * unit * scale)


def _channels_are_axis_1(node: Node) -> bool:
    return not isinstance(node.layer, InnerProduct) or len(node.outputs[0].shape) == 2


def _folded(first: Node, second: Node) -> tuple[np.ndarray, ...]:
    """The weights and bias of two nodes in one."""
    scale, shift = (blob.astype(np.float64) for blob in _with_bias(second))
    weight, bias = (blob.astype(np.float64) for blob in _with_bias(first))
    return _float32(_times(first, weight, scale), bias * scale + shift)


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


def _float32(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(array.astype(np.float32) for array in arrays)
