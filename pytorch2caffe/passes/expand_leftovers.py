"""Slices of which some pieces are not read, for consumers without Silence."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from ..graph.graph import Graph, Node, Shape, Value
from ..layers.shape.reshape import Reshape, with_batch_copied
from ..layers.shape.slice import Slice, piece_by_convolution


def expand_leftovers(graph: Graph, *, bias: bool = False) -> None:
    """Selects each piece that is read by a convolution, where a Slice has pieces that nothing reads.

    bias: whether the convolutions have one, of 0.

    before: x -> Slice -> a, b, with only a used
    after:  x -> Convolution -> a, of [N, C, H, W]; else x -> Reshape -> Convolution -> Reshape -> a
    """
    names = graph.names()
    used = {value for node in graph.nodes for value in node.inputs} | set(graph.outputs.values())
    nodes: list[Node] = []
    for node in graph.nodes:
        cut, left = node.layer, [value for value in node.outputs if value not in used]
        if not isinstance(cut, Slice) or not left:
            nodes.append(node)
            continue
        (x,), axis = node.inputs, cut.axis % len(node.inputs[0].shape)
        edges = [0, *cut.slice_point, x.shape[axis]]
        four, axis = _as_image(x.shape, axis)
        if four != x.shape:
            x = Value(names.unique(f"{node.name}.image"), four)
            nodes.append(_reshape(node, x.name, node.inputs[0], x))
        for value, start, stop in zip(node.outputs, edges, edges[1:], strict=False):
            if value in left:
                continue
            convolution, weight = piece_by_convolution(four, axis, start, stop)
            blobs = (weight, np.zeros(len(weight), np.float32)) if bias else (weight,)
            shape = (*four[:axis], stop - start, *four[axis + 1 :])
            piece = value if shape == value.shape else Value(names.unique(f"{value.name}.piece"), shape)
            layer = replace(convolution, bias_term=bias)
            nodes.append(Node(piece.name, layer, [x], [piece], blobs, node.module, node.line))
            if piece is not value:
                nodes.append(_reshape(node, value.name, piece, value))
    graph.nodes[:] = nodes


def _as_image(shape: Shape, axis: int) -> tuple[Shape, int]:
    """Four axes in which a piece of an axis is a piece of the channels or rows, and which of them.

    >>> _as_image((1, 5, 8), 1), _as_image((2, 3, 4, 5), 2), _as_image((2, 5, 8), 2), _as_image((3, 5, 8), 0)
    (((1, 5, 8, 1), 1), ((2, 3, 4, 5), 2), ((2, 5, 8, 1), 2), ((1, 3, 40, 1), 1))
    """
    if axis and len(shape) == 4:
        return shape, axis
    batch, before, after = (shape[0] if axis else 1), prod(shape[1:axis]), prod(shape[axis + 1 :])
    if before > 1:
        return (batch, before, shape[axis], after), 2
    return (batch, shape[axis], after, 1), 1


def _reshape(node: Node, name: str, before: Value, after: Value) -> Node:
    layer = Reshape(with_batch_copied(before.shape, after.shape))
    return Node(name, layer, [before], [after], (), node.module, node.line)
