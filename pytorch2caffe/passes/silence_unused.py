"""Values that are neither read nor outputs."""

from __future__ import annotations

from ..graph.graph import Graph, Names, Node
from ..layers.basic.silence import Silence


def silence_unused(graph: Graph) -> None:
    """Adds a Silence for every value that is neither read nor an output: Caffe makes each unread value an output.

    before: x -> Slice -> a, b, with only a used
    after:  x -> Slice -> a, b; b -> Silence

    Inputs that are not used get one Silence together, at the start.
    """
    used = {value for node in graph.nodes for value in node.inputs} | set(graph.outputs.values())
    names = Names([node.name for node in graph.nodes])
    unread = [value for value in graph.inputs if value not in used]
    nodes = [Node(names.unique("inputs.unused"), Silence(), unread, [])] if unread else []
    for node in graph.nodes:
        nodes.append(node)
        unused = [value for value in node.outputs if value not in used]
        if unused:
            name = names.unique(f"{node.name}.unused")
            nodes.append(Node(name, Silence(), unused, [], (), node.module, node.line))
    graph.nodes[:] = nodes
