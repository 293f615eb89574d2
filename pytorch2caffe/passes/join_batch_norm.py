"""BatchNorm and Scale as the one layer that PyTorch and MMdnn's IR have."""

from __future__ import annotations

from ..graph.graph import Graph, Node
from ..layers.elementwise.scale import Scale, per_channel
from ..layers.normalization.affine_batch_norm import AffineBatchNorm
from ..layers.normalization.batch_norm import BatchNorm
from .pairs import pairs


def join_batch_norm(graph: Graph) -> None:
    """Joins a BatchNorm with the Scale per channel that alone reads it.

    before: x -> BatchNorm -> Scale(axis 1, weight, bias) -> y
    after:  x -> AffineBatchNorm -> y
    """
    joined: set[Node] = set()
    for norm, scale in pairs(graph):
        if not isinstance(norm.layer, BatchNorm) or not norm.layer.use_global_stats or not per_channel(scale):
            continue
        assert isinstance(scale.layer, Scale)
        scale.layer = AffineBatchNorm(norm.layer.eps, scale.layer.bias_term)
        scale.inputs, scale.blobs = norm.inputs, (*norm.blobs, *scale.blobs)
        scale.name, scale.module, scale.line = norm.name, norm.module, norm.line
        joined.add(norm)
    graph.nodes[:] = [node for node in graph.nodes if node not in joined]
