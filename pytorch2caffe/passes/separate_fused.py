"""Layers that a consumer of the files would join wrongly."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..graph.graph import Graph, Node, Value
from ..graph.registry import Layer
from ..layers.elementwise.power import Power
from ..layers.shape.reshape import Reshape
from .pairs import chains


def separate_fused(graph: Graph, *, is_misread: Callable[[Node, Sequence[Node]], bool]) -> None:
    """Puts a layer that does nothing before each layer that the consumer joins wrongly with those before it.

    is_misread: of a node and those before it of which each is read by the next alone, the nearest first.

    before: x -> Convolution -> Scale of [H, W] -> y
    after:  x -> Convolution -> Reshape -> Scale of [H, W] -> y
    It is a Reshape to the same shape, for which Caffe copies nothing; or a Power, if it leaves Reshapes out.
    """
    names = graph.names()
    nodes = []
    separated: set[Node] = set()
    for node, before in list(chains(graph)):
        end = next((index for index, other in enumerate(before, 1) if other in separated), None)
        if is_misread(node, before[:end]):
            (value,) = node.inputs
            name = names.unique(f"{node.name}.apart")
            apart = Value(name, value.shape)
            kinds: list[Layer] = [Reshape((0,) * len(value.shape)), Power()]
            made = [Node(name, layer, [value], [apart], (), node.module, node.line) for layer in kinds]
            nodes.append(next((each for each in made if not is_misread(node, [each, *before[:end]])), made[0]))
            node.inputs = [apart]
            separated.add(node)
        nodes.append(node)
    graph.nodes[:] = nodes
