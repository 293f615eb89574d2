"""Slices of which some pieces are not read, for consumers without Silence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..graph.graph import Graph, Node
from ..layers.shape.slice import Slice, piece_by_convolution


def expand_leftovers(graph: Graph, *, bias: bool = False) -> None:
    """Selects each piece that is read by a convolution, where a Slice of [N, C, H, W] has pieces that nothing reads.

    bias: whether the convolutions have one, of 0.

    before: x -> Slice -> a, b, with only a used
    after:  x -> Convolution -> a

    Not changed: a Slice along the batch, or of other than four axes.
    """
    used = {value for node in graph.nodes for value in node.inputs} | set(graph.outputs.values())
    nodes: list[Node] = []
    for node in graph.nodes:
        cut, left = node.layer, [value for value in node.outputs if value not in used]
        if not isinstance(cut, Slice) or not left or len(node.inputs[0].shape) != 4 or cut.axis % 4 == 0:
            nodes.append(node)
            continue
        shape, axis = node.inputs[0].shape, cut.axis % 4
        edges = [0, *cut.slice_point, shape[axis]]
        for value, start, stop in zip(node.outputs, edges, edges[1:], strict=False):
            if value not in left:
                convolution, weight = piece_by_convolution(shape, axis, start, stop)
                blobs = (weight, np.zeros(len(weight), np.float32)) if bias else (weight,)
                layer = replace(convolution, bias_term=bias)
                nodes.append(Node(value.name, layer, node.inputs, [value], blobs, node.module, node.line))
    graph.nodes[:] = nodes
