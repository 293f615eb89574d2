"""Normalisation with its weight and bias in one layer."""

from __future__ import annotations

from ..graph.graph import Graph, Node
from ..layers.elementwise.scale import Scale
from ..layers.normalization.affine_norm import affine
from ..layers.normalization.layer_norm import LayerNorm
from ..layers.normalization.rms_norm import RMSNorm
from .pairs import pairs


def join_affine_norms(graph: Graph) -> None:
    """Joins a LayerNorm, RMSNorm, GroupNorm or InstanceNorm with the Scale that alone reads it, as ncnn has them.

    before: x -> LayerNorm -> Scale -> y
    after:  x -> AffineNorm -> y

    Not joined: a Scale over other axes than the norm's.
    """
    joined: set[Node] = set()
    for norm, scale in pairs(graph):
        if not isinstance(scale.layer, Scale) or scale.blobs[0].ndim != _axes_scaled(norm, scale.layer):
            continue
        if (layer := affine(norm.layer, scale.layer)) is not None:
            scale.layer, scale.inputs = layer, norm.inputs
            scale.name, scale.module, scale.line = norm.name, norm.module, norm.line
            joined.add(norm)
    graph.nodes[:] = [node for node in graph.nodes if node not in joined]


def _axes_scaled(norm: Node, scale: Scale) -> int:
    """How many axes the weights of the Scale must have: all that a LayerNorm normalises, else the channels alone."""
    return len(norm.outputs[0].shape) - scale.axis if isinstance(norm.layer, (LayerNorm, RMSNorm)) else 1
