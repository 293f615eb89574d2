"""BatchNorm and Scale as the one layer that PyTorch and MMdnn's IR have."""

from __future__ import annotations

from dataclasses import replace

from ..graph.graph import Graph, Node
from ..layers.elementwise.scale import Scale, per_channel
from ..layers.normalization.batch_norm import AffineBatchNorm, BatchNorm


def join_batch_norm(graph: Graph) -> None:
    """Makes one layer of a BatchNorm and the Scale per channel that alone reads it.

    before: x -> BatchNorm -> Scale(axis 1, weight, bias) -> y
    after:  x -> AffineBatchNorm -> y
    """
    consumers, outputs = graph.consumers(), set(graph.outputs.values())
    joined: dict[Node, Node] = {}
    for node in graph.nodes:
        if isinstance(node.layer, BatchNorm) and node.layer.use_global_stats and node.outputs[0] not in outputs:
            readers = consumers.get(node.outputs[0], [])
            if len(readers) == 1 and per_channel(readers[0]):
                joined[readers[0]] = node
    kept = []
    for node in graph.nodes:
        norm = joined.get(node)
        if norm is not None:
            assert isinstance(norm.layer, BatchNorm) and isinstance(node.layer, Scale)
            layer = AffineBatchNorm(norm.layer.eps, node.layer.bias_term)
            kept.append(replace(norm, layer=layer, outputs=node.outputs, blobs=(*norm.blobs, *node.blobs)))
        elif node not in joined.values():
            kept.append(node)
    graph.nodes[:] = kept
