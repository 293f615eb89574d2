"""Padding with zeros that the convolution, or average, behind it can take over. In place, as the other passes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..graph.graph import Graph, Node
from ..layers.convolution.convolution import Convolution
from ..layers.pooling.pooling import Pooling
from ..layers.shape.pad import Pad
from .basic import drop_unused


def fold_pads(graph: Graph, *, extend: bool = True) -> None:
    """Makes a Pad of the space part of the Convolutions that read it, or of averages, which count their padding.

    extend: also where it is not the same on both sides, as TensorFlow's SAME often is: the kernel gets rows and
    columns of zeros on the side with less, which costs as much time as other weights.

    before: x -> Pad(0 above, 1 below) -> Convolution(kernel 3, stride 2) -> y
    after:  x -> Convolution(kernel 4 whose first row is zero, pad 1, stride 2) -> y
    Left as they are: other values than 0, dilated kernels whose taps do not fall on such rows, and Pads that
    something else reads.
    """
    producers, outputs = graph.producers(), set(graph.outputs.values())
    for node in graph.nodes:
        before = producers.get(node.inputs[0]) if node.inputs else None
        if before is None or not isinstance(before.layer, Pad) or before.outputs[0] in outputs:
            continue
        readers = [reader for reader in graph.nodes if before.outputs[0] in reader.inputs]
        if all(_takes(reader, before.layer, extend) or _averages(reader, before) for reader in readers):
            for reader in readers:
                _take(reader, before)
    drop_unused(graph)


def _takes(node: Node, pad: Pad, extend: bool) -> bool:
    """Whether a node is a convolution that can do the padding itself."""
    layer = node.layer
    if not isinstance(layer, Convolution) or pad.value != 0 or any((*pad.before[:2], *pad.after[:2])):
        return False
    apart = [after - before for before, after in zip(pad.before[2:], pad.after[2:], strict=True)]
    return not any(apart) or extend and all(a % d == 0 for a, d in zip(apart, layer.dilation, strict=True))


def _averages(node: Node, before: Node) -> bool:
    """Whether a node is an average over as many windows once it pads its input itself."""
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


def _take(node: Node, before: Node) -> None:
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
