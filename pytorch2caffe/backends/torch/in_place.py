"""Activations in place, as one writes them in PyTorch."""

from __future__ import annotations

from dataclasses import replace

from ...graph.graph import Graph, Node
from ...graph.registry import Source

WITH_INPLACE = ("nn.ReLU(", "nn.ReLU6(", "nn.LeakyReLU(")  # modules that have the argument


def in_place(graph: Graph, sources: list[tuple[Node, Source]]) -> list[tuple[Node, Source]]:
    """The sources with activations in place, where nothing else reads what the preceding layer wrote.

    before: x = self.conv(x), x = self.relu(x), with nn.ReLU()
    after:  the same with nn.ReLU(inplace=True)
    """
    producers, consumers, outputs = graph.producers(), graph.consumers(), set(graph.outputs.values())
    found = []
    for node, source in sources:
        first = producers.get(node.inputs[0]) if len(node.inputs) == 1 else None
        if (
            source.module.startswith(WITH_INPLACE)
            and first is not None
            and first.layer.may_be_overwritten(len(first.inputs))
            and len(consumers[node.inputs[0]]) == 1
            and node.inputs[0] not in outputs
        ):
            start = source.module.removesuffix(")")
            source = replace(source, module=f"{start}{'' if start.endswith('(') else ', '}inplace=True)")
        found.append((node, source))
    return found
