"""Inputs and outputs that a TensorFlow graph has with channels first keep that layout."""

from __future__ import annotations

from ..graph.graph import Graph, Node, Value
from ..layers.shape.permute import Permute

TO_FIRST = (0, 2, 3, 1)  # from NCHW read as NHWC, which a frontend makes (N, W, C, H), to (N, C, H, W)
FROM_FIRST = (0, 3, 1, 2)
AS_READ = "/nchw"
SUFFIX: dict[tuple[int, ...], str] = {TO_FIRST: "/nhwc", FROM_FIRST: AS_READ}


def keep_channels_first(graph: Graph) -> None:
    """An input that is permuted to channels first, and an output permuted from it, lose the Permute.

    before: x[N, W, C, H] -> Permute(0, 2, 3, 1) -> ... -> Permute(0, 3, 1, 2) -> ReLU -> y[N, W, C, H]
    after:  x[N, C, H, W] -> ... -> ReLU -> y[N, C, H, W]

    The layers between that last Permute and an output must work number by number and be read by nobody else. Other
    layers that read the input get it permuted to what it was. The TensorFlow frontend runs it: only a Permute that it
    added for a layer with data_format NCHW counts, named after the layer with /nhwc before it and /nchw after it; and
    the graph's own transposition of an input to channels last, which it names so too.
    """
    for value in list(graph.inputs):
        _input(graph, value)
    for name, value in list(graph.outputs.items()):
        _output(graph, name, value)


def _permutes(node: Node, order: tuple[int, ...]) -> bool:
    added = node.name.endswith(SUFFIX[order])
    return added and isinstance(node.layer, Permute) and tuple(node.layer.order) == order


def _input(graph: Graph, value: Value) -> None:
    consumers = graph.consumers().get(value, [])
    permutes = [node for node in consumers if _permutes(node, TO_FIRST)]
    if not permutes:
        return
    old, value.shape = value.shape, permutes[0].outputs[0].shape
    same = {node.outputs[0]: value for node in permutes}
    others = [node for node in dict.fromkeys(consumers) if node not in permutes]
    graph.nodes[:] = [node for node in graph.nodes if node not in permutes]
    for node in graph.nodes:
        node.inputs[:] = [same.get(each, each) for each in node.inputs]
    graph.outputs.update({name: same.get(each, each) for name, each in graph.outputs.items()})
    for index, node in enumerate(others):  # each its own, which is lost where its output keeps the layout too
        last = Value(f"{value.name}{index or ''}{AS_READ}", old)
        node.inputs[:] = [last if each is value else each for each in node.inputs]
        graph.nodes.insert(0, Node(last.name, Permute(FROM_FIRST), [value], [last]))


def _output(graph: Graph, name: str, value: Value) -> None:
    producers, consumers = graph.producers(), graph.consumers()
    chain: list[Node] = []
    current = value
    while (node := producers.get(current)) is not None and len(node.inputs) == len(node.outputs) == 1:
        if current in consumers and (current is value or len(consumers[current]) > 1):
            return
        chain.append(node)
        if _permutes(node, FROM_FIRST):
            break
        if not node.layer.elementwise or node.blobs:
            return
        current = node.inputs[0]
    else:
        return
    permute = chain.pop()
    source = permute.inputs[0]
    graph.nodes.remove(permute)
    if not chain:
        graph.outputs[name] = source
        return
    chain[-1].inputs[:] = [source]
    for node in chain:
        node.outputs[0].shape = source.shape
