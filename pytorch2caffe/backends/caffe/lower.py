"""Rewrites a graph into the layers that a dialect has, or refuses, before the first byte is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Problem, Refused, UnsupportedError
from ...graph.builder import Builder
from ...graph.graph import Graph, Infer, Names, Node, Value
from ...graph.registry import Layer
from ...layers.shape.pad import Pad
from ...passes.basic import drop_unused, merge_reshapes, separate_outputs, silence_unused
from ...passes.fit_names import fit_names
from ...passes.fold import fold_batch_norm, merge_powers
from ...passes.pads import fold_pads
from .check import check, instead_of
from .dialect import Dialect

ONE_ROW_BEHIND = Pad((0, 0, 0, 0), (0, 0, 1, 0))


def lower(graph: Graph, target: Dialect, infer: Infer, *, fold_bn: bool = False) -> Graph:
    """The same network in layers that `target` has; values keep their names where they still exist and fit.

    fold_bn: put BatchNorm and Scale into the weights before them, also where the dialect does not ask for it.

    before: data -> Clip(0, 6) -> (output)
    after:  data -> ReLU -> Power -> ReLU -> Power -> (output)
    Raises UnsupportedError listing every layer that cannot be said in it, and every limit that is passed.
    """
    if target.lacks(ONE_ROW_BEHIND):
        graph = graph.copy()
        fold_pads(graph)
    net = Lowering(target.name, graph, infer, target)
    lowered, problems = net.all(graph)
    if problems:
        raise UnsupportedError(problems, f"written for dialect {target.name!r}")
    drop_unused(lowered)
    merge_reshapes(lowered)
    merge_powers(lowered)
    if fold_bn or target.folds_batch_norm:
        fold_batch_norm(lowered)
    separate_outputs(lowered)
    silence_unused(lowered)
    lowered.renamed = fit_names(lowered, target.limits)
    if problems := check(lowered, target):
        raise UnsupportedError(problems, f"written for dialect {target.name!r}")
    return lowered


class Lowering(Builder):
    """A builder that keeps what the target has and asks other layers to say themselves in simpler ones."""

    def __init__(self, name: str, graph: Graph, infer: Infer, target: Dialect | None = None) -> None:
        super().__init__(Graph(graph.name), infer)
        self.name = name
        self.target = target
        self.names = Names([node.name for node in graph.nodes] + [value.name for value in graph.inputs])
        self._wanted = ""
        self._lowering: list[tuple[Layer, list[Any]]] = []

    def copy_input(self, value: Value) -> Value:
        copy = Value(value.name, value.shape)
        self.graph.inputs.append(copy)
        return copy

    def all(self, graph: Graph) -> tuple[Graph, list[Problem]]:
        """The whole graph, and what cannot be said; then the graph is of no use."""
        found: dict[Value, Value] = {value: self.copy_input(value) for value in graph.inputs}
        problems: list[Problem] = []
        for node in graph.nodes:
            try:
                outputs = self.take(node, [found[value] for value in node.inputs])
            except Refused as error:
                about = error.what.startswith(f"{self.name} ") or self.target is None
                what = error.what if about else f"{error.what} (dialect {self.name!r})"
                problems.append(Problem(node.where, what, error.fix))
                outputs = [Value(value.name, value.shape) for value in node.outputs]
            found.update(zip(node.outputs, outputs, strict=True))
        self.graph.outputs = {name: found[value] for name, value in graph.outputs.items()}
        return self.graph, problems

    def take(self, node: Node, inputs: Sequence[Value]) -> list[Value]:
        """A node of the old graph, in one layer or several."""
        if not node.outputs:  # Silence: put in anew where it is needed
            return []
        self.module, self.line = node.module, node.line
        self.scope, self._wanted, self._lowering = "", node.name, []
        result = self.add(node.layer, *inputs, blobs=node.blobs)
        outputs = result if isinstance(result, list) else [result]
        producers = self.graph.producers()
        for old, new in zip(node.outputs, outputs, strict=True):
            if new in producers and new not in inputs:
                new.name = old.name
        return outputs

    def lacks(self, layer: Layer, *inputs: Value) -> bool:
        """Whether the dialect has no such layer."""
        assert self.target is not None
        return self.target.lacks(layer) is not None

    def takes(self, layer: Layer, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> bool:
        """Whether the dialect has this layer for these inputs."""
        assert self.target is not None
        return self.target.lacks(layer, len(inputs)) is None

    def add(self, layer: Layer, *inputs: Value, blobs: Sequence[np.ndarray] = (), name: str = "") -> Any:
        blobs = tuple(np.asarray(blob, np.float32) for blob in blobs)
        known = self.takes(layer, inputs, blobs)
        if not known and not name and not self._wanted:
            return self._simpler(layer, inputs, blobs)  # the last step of a lowering: under the same name
        wanted = self._wanted or self.names.unique(self.name_of(layer, name or type(layer).__name__.lower()))
        self._wanted = ""
        if known:
            shapes = self.infer(layer, [value.shape for value in inputs], blobs)
            several = len(shapes) != 1
            outputs = [Value(f"{wanted}.{i}" if several else wanted, tuple(s)) for i, s in enumerate(shapes)]
            self.graph.nodes.append(Node(wanted, layer, list(inputs), outputs, blobs, self.module, self.line))
            return list(outputs) if several else outputs[0]
        return self._in_simpler_layers(layer, inputs, blobs, wanted)

    def _in_simpler_layers(
        self, layer: Layer, inputs: Sequence[Value], blobs: Sequence[np.ndarray], wanted: str
    ) -> Any:
        outer, self.scope = self.scope, wanted
        first = len(self.graph.nodes)
        result = self._simpler(layer, inputs, blobs)
        self.scope = outer
        for node in self.graph.nodes[first:]:
            if node.outputs and node.outputs[0] is result:
                node.name = result.name = wanted
        return result

    def _simpler(self, layer: Layer, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """What the layer's own `lower` makes of it; refused, with the reader's reason, where that leads nowhere."""
        step = (layer, [value.shape for value in inputs])
        if step in self._lowering or type(layer).lower is Layer.lower:
            raise self.refusal(layer, inputs, blobs)
        self._lowering.append(step)
        result = layer.lower(self, inputs, blobs)
        self._lowering.pop()
        return result

    def refusal(self, layer: Layer, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Refused:
        """With the reader's own reason."""
        assert self.target is not None
        bottoms = len(inputs)
        what = f"{self.target.name} has {self.target.lacks(layer, bottoms)}"
        if layer.type not in self.target.layers:
            return Refused(what, instead_of(layer.type, self.target))
        rule = next((rule for _, rule in self.target.broken(layer, bottoms)), None)
        return Refused(f"{what}: {rule.why}", rule.fix) if rule else Refused(what, "do without that setting")
