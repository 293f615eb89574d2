"""Outputs that nothing else reads."""

from __future__ import annotations

from ..graph.graph import Graph, Names, Node, Value
from ..layers.basic.split import Split


def separate_outputs(graph: Graph) -> None:
    """Copies each output that a node reads, that is an input, or that has two names: Caffe's outputs are unread tops.

    before: data -> conv -> relu, with conv and relu both returned
    after:  data -> conv -> relu, conv -> Split -> conv.output
    """
    consumed = {value for node in graph.nodes for value in node.inputs}
    taken: set[Value] = set(graph.inputs)
    names = Names([*(node.name for node in graph.nodes), *(value.name for value in graph.values())])
    for key, value in graph.outputs.items():
        if value in consumed or value in taken:
            name = names.unique(f"{key}.output")
            copy = Value(name, value.shape)
            graph.nodes.append(Node(name, Split(), [value], [copy]))
            graph.outputs[key] = value = copy
        taken.add(value)
