"""The lowering engine: expresses a graph in the layers that a target has.

before: data -> Clip(0, 6) -> (output)
after:  data -> ReLU -> Power -> Eltwise -> Power -> (output), for a target without Clip
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import Problem, Refused
from .builder import Builder
from .graph import Graph, Infer, Node, Operand, Value
from .registry import Layer
from .target import Target


@dataclass(frozen=True)
class Lowered:
    """A lowered graph. values: the new value for each of the original; sources: the original node of each new one.

    problems: the nodes that cannot be expressed; if there is one, the graph is incomplete.
    """

    graph: Graph
    values: dict[Value, Value]
    sources: dict[Node, Node]
    problems: list[Problem]


def lower(graph: Graph, target: Target, infer: Infer, *, any_size: bool = False) -> Lowered:
    """Expresses `graph` in layers that `target` takes; values keep their names where they still exist.

    A layer that the target does not take is replaced by its own `lower`, until the target takes all of it. Silence
    layers are left out: a backend adds them where they are needed.

    any_size: a form that fits other heights and widths too is worth more layers.
    """
    net = Lowering(graph, target, infer, any_size=any_size)
    values = {value: net.copy_input(value) for value in graph.inputs}
    problems: list[Problem] = []
    for node in graph.nodes:
        if not node.outputs:
            continue
        try:
            outputs = net.convert(node, [values[value] for value in node.inputs])
        except Refused as error:
            problems.append(Problem(node.where, error.what, error.fix))
            outputs = [Value(value.name, value.shape) for value in node.outputs]
        values.update(zip(node.outputs, outputs, strict=True))
        for old, new in zip(node.outputs, outputs, strict=True):
            new.fixed |= old.fixed
    net.graph.outputs = {name: values[value] for name, value in graph.outputs.items()}
    return Lowered(net.graph, values, net.sources, problems)


class Lowering(Builder):
    """The builder that a layer's `lower` adds simpler layers to.

    any_size: whether a form that fits other heights and widths too is worth more layers.
    """

    def __init__(self, graph: Graph, target: Target, infer: Infer, *, any_size: bool = False) -> None:
        super().__init__(Graph(graph.name, aliases=graph.aliases, calls=graph.calls), infer)
        self.target, self.any_size = target, any_size
        self.names = graph.names()
        self.sources: dict[Node, Node] = {}
        self._written: set[Value] = set()
        self._wanted: str | None = None
        self._steps: list[tuple[Layer, list[Any]]] = []

    def takes(self, layer: Layer, *inputs: Value, blobs: Sequence[np.ndarray] = ()) -> bool:
        """Whether the target has `layer` for these inputs: asked by a `lower` that knows several ways."""
        return self.target.takes(layer, inputs, blobs) is None

    def copy_input(self, value: Value) -> Value:
        """The input of the lowered graph for an input of the original."""
        copy = Value(value.name, value.shape, fixed=value.fixed)
        self.graph.inputs.append(copy)
        return copy

    def convert(self, node: Node, inputs: Sequence[Value]) -> list[Value]:
        """Adds a node of the original graph as one layer or several. Raises Refused if the target has no form of it."""
        self.module, self.line = node.module, node.line
        self.scope, self._wanted, self._steps = "", node.name, []
        first = len(self.graph.nodes)
        result = self.add(node.layer, *inputs, blobs=node.blobs)
        outputs = result if isinstance(result, list) else [result]
        self.sources.update(dict.fromkeys(self.graph.nodes[first:], node))
        for old, new in zip(node.outputs, outputs, strict=True):
            if new in self._written and new not in inputs:
                new.name = old.name
        return outputs

    def add(self, layer: Layer, *inputs: Operand, blobs: Sequence[np.ndarray] = (), name: str = "") -> Any:
        """As Builder's, if the target takes the layer; else adds the simpler layers of the layer's `lower`."""
        values = [self.constant(each) if isinstance(each, np.ndarray) else each for each in inputs]
        arrays = tuple(np.asarray(blob, np.float32) for blob in blobs)
        refusal = self.target.takes(layer, values, arrays)
        if refusal is not None and not name and self._wanted is None:  # the last step of a lowering keeps the name
            return self._expand(layer, values, arrays, Refused(refusal.what, refusal.fix))
        wanted = self._wanted  # which may be the empty name of a file
        if wanted is None:
            wanted = self.names.unique(self.name_of(layer, name or type(layer).__name__.lower()))
        self._wanted = None
        if refusal is None:
            return self._append_as(wanted, layer, values, arrays)
        return self._expand_in_scope(wanted, layer, values, arrays, Refused(refusal.what, refusal.fix))

    def _append_as(
        self, name: str, layer: Layer, inputs: Sequence[Value], blobs: tuple[np.ndarray, ...]
    ) -> Value | list[Value]:
        shapes = self.infer(layer, [value.shape for value in inputs], blobs)
        several = len(shapes) != 1
        names = [self.names.unique(f"{name}.{index}") if several else name for index in range(len(shapes))]
        outputs = [Value(name, tuple(shape)) for name, shape in zip(names, shapes, strict=True)]
        self.graph.nodes.append(Node(name, layer, list(inputs), outputs, blobs, self.module, self.line))
        self._written.update(outputs)
        return list(outputs) if several else outputs[0]

    def _expand_in_scope(
        self, name: str, layer: Layer, inputs: Sequence[Value], blobs: Sequence[np.ndarray], refused: Refused
    ) -> Any:
        """The simpler layers under names within `name`, which the one that writes the result gets."""
        outer, self.scope = self.scope, name
        first = len(self.graph.nodes)
        result = self._expand(layer, inputs, blobs, refused)
        self.scope = outer
        for node in self.graph.nodes[first:]:
            if node.outputs and node.outputs[0] is result:
                node.name = result.name = name
        return result

    def _expand(self, layer: Layer, inputs: Sequence[Value], blobs: Sequence[np.ndarray], refused: Refused) -> Any:
        """What the target or the layer's own `lower` makes of it; raises `refused`, the target's reason, if neither."""
        step = (layer, [value.shape for value in inputs])
        if step in self._steps:
            raise refused
        self._steps.append(step)
        result = self.target.own_form(self, layer, inputs, blobs)
        if result is None:
            if type(layer).lower is Layer.lower:
                raise refused
            result = layer.lower(self, inputs, blobs)
        self._steps.pop()
        return result
