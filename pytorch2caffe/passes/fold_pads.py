"""Padding with zeros folded into the convolutions and averages that follow it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..graph.graph import Graph, Node
from ..layers.convolution.convolution import Convolution
from ..layers.pooling.pooling import Pooling
from ..layers.shape.pad import Pad
from .drop_unused import drop_unused


def fold_pads(graph: Graph, *, extend: bool = True) -> None:
    """Makes a Pad of height and width part of the Convolutions that read it, or of averages that count their padding.

    extend: also where the padding differs between the two sides, as TensorFlow's SAME often does: the kernel is
    extended by rows and columns of zeros on the side with less padding. They cost as much time as other weights.

    before: x -> Pad(0 above, 1 below) -> Convolution(kernel 3, stride 2) -> y
    after:  x -> Convolution(kernel 4 whose first row is zero, pad 1, stride 2) -> y

    Not folded: padding with other values than 0, dilated kernels whose taps do not fall on the added rows, and a Pad
    that has any other consumer or is an output.
    """
    consumers, outputs = graph.consumers(), set(graph.outputs.values())
    for node in graph.nodes:
        if not isinstance(node.layer, Pad) or node.outputs[0] in outputs:
            continue
        readers = consumers.get(node.outputs[0], [])
        if all(_convolution_pads(reader, node.layer, extend) or _average_pads(reader, node) for reader in readers):
            for reader in readers:
                _fold(reader, node)
    drop_unused(graph)


def _convolution_pads(node: Node, pad: Pad, extend: bool) -> bool:
    """Whether a node is a convolution that can do the padding itself."""
    layer = node.layer
    if not isinstance(layer, Convolution) or pad.value != 0 or any((*pad.before[:2], *pad.after[:2])):
        return False
    apart = [after - before for before, after in zip(pad.before[2:], pad.after[2:], strict=True)]
    return not any(apart) or extend and all(a % d == 0 for a, d in zip(apart, layer.dilation, strict=True))


def _average_pads(node: Node, before: Node) -> bool:
    """Whether a node is an average that can do the padding itself, over the same number of windows."""
    layer = node.layer
    return (
        isinstance(layer, Pooling)
        and isinstance(before.layer, Pad)
        and (layer.pool, layer.pad_h, layer.pad_w, layer.global_pooling) == ("AVE", 0, 0, False)
        and layer.count_include_pad
        and before.layer.value == 0
        and before.layer.before == before.layer.after
        and before.layer.before[:2] == (0, 0)
        and all(2 * p <= k for p, k in zip(before.layer.before[2:], (layer.kernel_h, layer.kernel_w), strict=True))
        and _padding(layer, before.layer).sizes(before.inputs[0].shape) == layer.sizes(node.inputs[0].shape)
    )


def _padding(layer: Pooling, pad: Pad) -> Pooling:
    return replace(layer, pad_h=pad.before[2], pad_w=pad.before[3])


def _fold(node: Node, before: Node) -> None:
    layer, pad = node.layer, before.layer
    if isinstance(layer, Pooling) and isinstance(pad, Pad):
        node.layer, node.inputs = _padding(layer, pad), list(before.inputs)
        return
    assert isinstance(layer, Convolution) and isinstance(pad, Pad)
    sides = list(zip(pad.before[2:], pad.after[2:], strict=True))
    rows = [((max(b - a, 0)) // d, max(a - b, 0) // d) for (a, b), d in zip(sides, layer.dilation, strict=True)]
    weight = node.blobs[0]
    if any(map(any, rows)):
        weight = np.pad(weight, [(0, 0), (0, 0), *rows])
    both = tuple(own + max(side) for own, side in zip(layer.pad, sides, strict=True))
    node.layer = replace(layer, kernel_size=weight.shape[2:], pad=both)
    node.blobs = (weight, *node.blobs[1:])
    node.inputs = list(before.inputs)
