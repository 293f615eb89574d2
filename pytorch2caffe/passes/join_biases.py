"""Additions that are the bias of the layer before them."""

from __future__ import annotations

from dataclasses import replace

from ..graph.graph import Graph, Node
from ..graph.registry import Layer
from ..layers.convolution.convolution import Convolution
from ..layers.convolution.deconvolution import Deconvolution
from ..layers.elementwise.scale import Bias, Scale
from ..layers.linear.inner_product import InnerProduct
from .pairs import pairs


def join_biases(graph: Graph) -> None:
    """Makes a constant that is added to a product part of the layer that computes it, if nothing else reads it.

    before: x -> InnerProduct(W) -> Bias(b) -> y
    after:  x -> InnerProduct(W, b) -> y

    Convolution, Deconvolution and Scale likewise.
    """
    joined: set[Node] = set()
    for first, second in pairs(graph):
        layer = _with_bias(first, second)
        if layer is not None:
            second.layer, second.inputs, second.blobs = layer, first.inputs, (first.blobs[0], second.blobs[0])
            second.name, second.module, second.line = first.name, first.module, first.line
            joined.add(first)
    graph.nodes[:] = [node for node in graph.nodes if node not in joined]


def _with_bias(first: Node, second: Node) -> Layer | None:
    layer, bias = first.layer, second.layer
    if not isinstance(bias, Bias) or len(second.blobs) != 1 or len(first.blobs) != 1:
        return None
    if isinstance(layer, Scale):
        same = (layer.axis, first.blobs[0].shape) == (bias.axis, second.blobs[0].shape) and not layer.bias_term
        return replace(layer, bias_term=True) if same else None
    if not isinstance(layer, (Convolution, Deconvolution, InnerProduct)) or layer.bias_term:
        return None
    axis = layer.axis if isinstance(layer, InnerProduct) else 1
    fits = second.blobs[0].shape == (layer.num_output,) and bias.axis == axis
    return replace(layer, bias_term=True) if fits else None
