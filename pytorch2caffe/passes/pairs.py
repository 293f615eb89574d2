"""Pairs of nodes of which the second alone reads what the first writes: candidates to become one node."""

from __future__ import annotations

from ..graph.graph import Graph, Node


def pairs(graph: Graph) -> list[tuple[Node, Node]]:
    """Each pair (first, second) in execution order: `first` has one output, which `second` alone reads.

    A pass may make each pair one node in turn, which then is `second`: it changes `second` and removes `first`.
    """
    consumers, producers = graph.consumers(), graph.producers()
    outputs = set(graph.outputs.values())
    return [
        (producers[node.inputs[0]], node)
        for node in graph.nodes
        if len(node.inputs) == len(node.outputs) == 1
        and node.inputs[0] in producers
        and len(producers[node.inputs[0]].outputs) == 1
        and len(consumers[node.inputs[0]]) == 1
        and node.inputs[0] not in outputs
    ]
