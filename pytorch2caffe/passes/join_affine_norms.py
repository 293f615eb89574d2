"""Normalisation with its weight and bias in one layer."""

from __future__ import annotations

from ..graph.graph import Graph, Node
from ..layers.elementwise.scale import Scale
from ..layers.normalization.layer_norm import LayerNorm, RMSNorm, affine
from .pairs import pairs


def join_affine_norms(graph: Graph) -> None:
    """Joins a LayerNorm, RMSNorm, GroupNorm or InstanceNorm with the Scale that alone reads it, as ncnn has them.

    before: x -> LayerNorm -> Scale -> y
    after:  x -> AffineNorm -> y

    Not joined: a Scale over other axes than the norm's.
    """
    joined: set[Node] = set()
    for norm, scale in pairs(graph):
        if _scales_all(scale, norm) and (layer := affine(norm.layer, scale.layer)) is not None:
            scale.layer, scale.inputs = layer, norm.inputs
            scale.name, scale.module, scale.line = norm.name, norm.module, norm.line
            joined.add(norm)
    graph.nodes[:] = [node for node in graph.nodes if node not in joined]


def _scales_all(node: Node, norm: Node) -> bool:
    """Whether a node is a Scale by weights, of all axes that a LayerNorm normalises, or else of the channels."""
    if not isinstance(node.layer, Scale):
        return False
    rank = len(node.inputs[0].shape)
    return node.blobs[0].ndim == (rank - node.layer.axis if isinstance(norm.layer, (LayerNorm, RMSNorm)) else 1)
