"""Outputs that nothing else reads."""

from __future__ import annotations

from collections import Counter

from ..graph.graph import Graph, Node, Value
from ..graph.registry import Layer
from ..layers.basic.split import Split

SPLIT = Split()


def separate_outputs(graph: Graph, *, copy: Layer = SPLIT, one_top: bool = False) -> None:
    """Copies each output that a node reads, that is an input or that has several names: outputs are unread tops.

    before: data -> conv -> relu, with conv and relu both returned
    after:  data -> conv -> relu, conv -> Split -> conv.output

    A value with two names gets a copy for each: what a copy reads is no output.
    copy:    the layer that copies.
    one_top: copy also outputs of layers with several tops, for consumers that list layers, not tops, as outputs.
    """
    copied = {value for node in graph.nodes for value in node.inputs} | set(graph.inputs)
    copied |= {value for value, count in Counter(graph.outputs.values()).items() if count > 1}
    if one_top:
        copied |= {value for node in graph.nodes for value in node.outputs if len(node.outputs) > 1}
    names = graph.names()
    for key, value in graph.outputs.items():
        if value in copied:
            name = names.unique(f"{key}.output")
            output = Value(name, value.shape)
            graph.nodes.append(Node(name, copy, [value], [output]))
            graph.outputs[key] = output
