"""Pairs of nodes of which the second alone reads what the first writes: candidates to become one node."""

from __future__ import annotations

from collections.abc import Iterator

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


MOST_BEFORE = 8


def chains(graph: Graph) -> Iterator[tuple[Node, list[Node]]]:
    """Each node of one input, with up to 8 nodes before it of which each is read by the next alone, the nearest first.

    A node that writes an output of the network is among them: a consumer that is asked for another output does not
    keep it.
    """
    consumers, producers = graph.consumers(), graph.producers()
    for node in graph.nodes:
        before: list[Node] = []
        current = node
        while len(current.inputs) == 1 and len(before) < MOST_BEFORE:
            (value,) = current.inputs
            if value not in producers or len(producers[value].outputs) != 1 or len(consumers[value]) != 1:
                break
            current = producers[value]
            before.append(current)
        yield node, before
