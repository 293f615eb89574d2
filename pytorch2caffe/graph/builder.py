"""Builds a graph, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .bounds import ValueBounds
from .graph import Graph, Infer, Names, Node, Operand, Shape, Value
from .registry import LAYERS, Layer


class Builder:
    """Adds layers to a graph one by one, for every frontend: `y = net.add(ReLU(), x)`.

    infer: gives the output shapes of a layer, from its input shapes and blobs.
    """

    def __init__(self, graph: Graph, infer: Infer) -> None:
        self.graph = graph
        self.infer = infer
        self.names = Names()
        self.bounds = ValueBounds(graph)
        self.masks: set[Value] = set()  # the arguments of the current call that are bool in PyTorch: 0 and 1
        self.scope = ""
        self.module = ""
        self.line = ""

    def input(self, name: str, shape: Shape) -> Value:
        """A new input of the network."""
        value = Value(self.names.unique(name), tuple(shape))
        self.graph.inputs.append(value)
        return value

    def add(self, layer: Layer, *inputs: Operand, blobs: Sequence[np.ndarray] = (), name: str = "") -> Any:
        """Appends `layer` reading `inputs`. Returns its output value, or the list of them if it has several.

        name: follows the scope (`bn1` -> `bn1.scale`) for the second and further layers made of one call.
        An array among the inputs becomes a constant.
        """
        values = [self.constant(each) if isinstance(each, np.ndarray) else each for each in inputs]
        blobs = tuple(np.asarray(blob, np.float32) for blob in blobs)
        shapes = self.infer(layer, [value.shape for value in values], blobs)
        return self.append(layer, values, shapes, blobs, name)

    def append(
        self,
        layer: Layer,
        inputs: Sequence[Value],
        shapes: Sequence[Shape],
        blobs: Sequence[np.ndarray],
        name: str = "",
    ) -> Any:
        """As `add`, with the output shapes already known."""
        name = self.names.unique(self.name_of(layer, name))
        several = len(shapes) > 1
        outputs = [
            Value(self.names.unique(f"{name}.{index}") if several else name, tuple(shape))
            for index, shape in enumerate(shapes)
        ]
        node = Node(name, layer, list(inputs), outputs, tuple(blobs), self.module, self.line)
        self.graph.nodes.append(node)
        return list(outputs) if several else outputs[0]

    def name_of(self, layer: Layer, name: str) -> str:
        """The name for a layer within the current scope, not yet unique."""
        return ".".join(part for part in (self.scope, name) if part) or type(layer).__name__.lower()

    def constant(self, array: np.ndarray) -> Value:
        """A value that is always `array`."""
        array = np.asarray(array, np.float32)
        return self.add(LAYERS["Parameter"](array.shape), blobs=[array], name="constant")  # type: ignore[call-arg]
