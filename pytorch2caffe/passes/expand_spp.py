"""Spatial pyramid pooling, level by level."""

from __future__ import annotations

from itertools import chain

from ..graph.builder import Builder
from ..graph.graph import Graph, Infer, Names, Node
from ..layers.pooling.spp import SPP


def expand_spp(graph: Graph, *, infer: Infer) -> None:
    """Expresses SPP in simpler layers.

    before: x -> SPP -> y
    after:  x -> Pooling -> Flatten, once per level; all -> Concat -> y

    infer: gives the output shapes of a layer.
    """
    names = Names(chain((node.name for node in graph.nodes), (value.name for value in graph.values())))
    nodes: list[Node] = []
    for node in graph.nodes:
        if isinstance(node.layer, SPP):
            net = Builder(Graph(), infer)
            net.names, net.scope = names, node.name
            node.layer.lower(net, node.inputs, node.blobs)
            net.graph.nodes[-1].outputs = node.outputs
            nodes += net.graph.nodes
        else:
            nodes.append(node)
    graph.nodes[:] = nodes
