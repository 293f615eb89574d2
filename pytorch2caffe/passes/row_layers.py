"""Layers that work row by row, along the last axis, and Reshapes of such rows."""

from __future__ import annotations

from dataclasses import replace

from ..graph.graph import Node
from ..graph.registry import Layer
from ..layers.activation.softmax import Softmax
from ..layers.elementwise.eltwise import Eltwise
from ..layers.elementwise.scale import Bias, Scale
from ..layers.linear.inner_product import InnerProduct
from ..layers.shape.concat import Concat
from ..layers.shape.flatten import Flatten
from ..layers.shape.reshape import Reshape
from ..layers.shape.slice import Slice


def in_axes(node: Node, rank: int) -> Layer | None:
    """The layer of a node for `rank` axes, if it computes each row by itself; None if it does anything else."""
    layer, axes = node.layer, len(node.inputs[0].shape)
    if layer.elementwise or isinstance(layer, Eltwise):
        return layer
    if not isinstance(layer, (InnerProduct, Softmax, Concat, Slice, Scale, Bias)) or layer.axis % axes != axes - 1:
        return None
    if isinstance(layer, (Scale, Bias)) and (len(node.inputs) > 1 or node.blobs[0].ndim != 1):
        return None
    return replace(layer, axis=rank - 1)


def keeps_rows(node: Node) -> bool:
    """Whether a node is a Reshape that changes neither the last axis, nor the first, which is the batch."""
    if not _is_reshape(node.layer):
        return False
    before, after = node.inputs[0].shape, node.outputs[0].shape
    return min(len(before), len(after)) > 1 and (before[0], before[-1]) == (after[0], after[-1])


def is_open_reshape(node: Node) -> bool:
    """Whether a node is a Reshape that may as well read, and give, its numbers in another shape."""
    return _is_reshape(node.layer) and not node.inputs[0].fixed


def _is_reshape(layer: Layer) -> bool:
    """Whether a layer is a Reshape, with all sizes given as numbers, but for a first one that is copied."""
    if isinstance(layer, Flatten):
        return True
    return isinstance(layer, Reshape) and layer.axis == 0 and layer.num_axes == -1 and not {0, -1} & {*layer.shape[1:]}
