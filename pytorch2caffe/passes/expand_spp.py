"""Spatial pyramid pooling, level by level."""

from __future__ import annotations

from ..graph.graph import Graph, Infer, Node
from ..graph.lowering import Lowering
from ..layers.pooling.spp import SPP


class _TakesAll:
    """A target that has every layer."""

    name = "PyTorch"
    float32 = True

    def takes(self, *_: object) -> None:
        return None

    def own_form(self, *_: object) -> None:
        return None


def expand_spp(graph: Graph, *, infer: Infer) -> None:
    """Expresses SPP in simpler layers.

    before: x -> SPP -> y
    after:  x -> Pooling -> Flatten, once per level; all -> Concat -> y

    infer: gives the output shapes of a layer.
    """
    names = graph.names()
    nodes: list[Node] = []
    for node in graph.nodes:
        if isinstance(node.layer, SPP):
            net = Lowering(Graph(), _TakesAll(), infer)
            net.names, net.scope, net.module, net.line = names, node.name, node.module, node.line
            node.layer.lower(net, node.inputs, node.blobs)
            net.graph.nodes[-1].outputs = node.outputs
            nodes += net.graph.nodes
        else:
            nodes.append(node)
    graph.nodes[:] = nodes
