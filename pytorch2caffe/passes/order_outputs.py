"""Outputs in the order of the model."""

from __future__ import annotations

from ..graph.graph import Graph, Node, Value
from ..graph.registry import Layer
from .separate_outputs import SPLIT

Key = tuple[int, int]  # where a layer goes: after the layer at an index of the graph, as the n-th of those moved there


def order_outputs(graph: Graph, *, copy: Layer = SPLIT) -> None:
    """Moves layers that write outputs, so that the file has the outputs in the order in which the model returns them.

    before: conv5 (returned third), conv3 (returned first), conv4 (returned second)
    after:  conv3, conv4, conv5

    For consumers that list unread tops in the order of the layers: OpenCV, ncnn. BVLC Caffe sorts them by name.
    A layer that nothing reads can be moved back. Where a layer cannot, because others read its further tops or
    because its tops have another order, the output is copied. copy: the layer that copies.
    """
    producers, consumed = graph.producers(), graph.consumers()
    keys: dict[Node, Key] = {node: (index, 0) for index, node in enumerate(graph.nodes)}
    names = graph.names()
    settled: set[Node] = set()  # layers of outputs that already have their place
    last: tuple[Key, int] = ((-1, 0), 0)  # the place of the last output: its layer, and the index of its top
    for key, value in graph.outputs.items():
        node = producers[value]
        place = keys[node], node.outputs.index(value)
        if place < last:
            if node in settled or any(top in consumed for top in node.outputs):
                node = _copied(graph, copy, key, value, names.unique(f"{key}.output"))
            keys[node] = last[0][0], last[0][1] + 1
            place = keys[node], node.outputs.index(graph.outputs[key])
        settled.add(node)
        last = place
    graph.nodes.sort(key=keys.__getitem__)


def _copied(graph: Graph, copy: Layer, key: str, value: Value, name: str) -> Node:
    """A new layer that writes the output `key` as a copy of `value`."""
    node = Node(name, copy, [value], [Value(name, value.shape)])
    graph.nodes.append(node)
    graph.outputs[key] = node.outputs[0]
    return node
