"""Rewrites a graph into the layers that a dialect has, or refuses, before the first byte is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import passes
from ..errors import Problem, Refused, UnsupportedError
from ..graph import Builder, Graph, Infer, Names, Node, Value
from ..registry import Layer
from .check import check, instead_of
from .names import fit_names
from .profile import Dialect


def lower(graph: Graph, target: Dialect, infer: Infer, *, fold_bn: bool = False) -> Graph:
    """The same network in layers that `target` has; values keep their names where they still exist and fit.

    fold_bn: put BatchNorm and Scale into the weights before them, also where the dialect does not ask for it.

    before: data -> Clip(0, 6) -> (output)
    after:  data -> ReLU -> Power -> ReLU -> Power -> (output)
    Raises UnsupportedError listing every layer that cannot be said in it, and every limit that is passed.
    """
    net = _Lowering(target, graph, infer)
    found: dict[Value, Value] = {value: net.copy_input(value) for value in graph.inputs}
    problems: list[Problem] = []
    for node in graph.nodes:
        try:
            outputs = net.take(node, [found[value] for value in node.inputs])
        except Refused as error:
            about = error.what.startswith(f"{target.name} ")
            what = error.what if about else f"{error.what} (dialect {target.name!r})"
            problems.append(Problem(node.where, what, error.fix))
            outputs = [Value(value.name, value.shape) for value in node.outputs]
        found.update(zip(node.outputs, outputs, strict=True))
    if problems:
        raise UnsupportedError(problems, f"written for dialect {target.name!r}")
    lowered = net.graph
    lowered.outputs = {name: found[value] for name, value in graph.outputs.items()}
    passes.drop_unused(lowered)
    passes.merge_reshapes(lowered)
    passes.merge_powers(lowered)
    if fold_bn or target.folds_batch_norm:
        passes.fold_batch_norm(lowered)
    passes.separate_outputs(lowered)
    passes.silence_unused(lowered)
    lowered.renamed = fit_names(lowered, target.limits)
    if problems := check(lowered, target):
        raise UnsupportedError(problems, f"written for dialect {target.name!r}")
    return lowered


class _Lowering(Builder):
    """A builder that keeps what the dialect has and asks other layers to say themselves in simpler ones."""

    def __init__(self, target: Dialect, graph: Graph, infer: Infer) -> None:
        super().__init__(Graph(graph.name), infer)
        self.target = target
        self.names = Names([node.name for node in graph.nodes] + [value.name for value in graph.inputs])
        self._wanted = ""
        self._lowering: list[tuple[Layer, list[Any]]] = []

    def copy_input(self, value: Value) -> Value:
        copy = Value(value.name, value.shape)
        self.graph.inputs.append(copy)
        return copy

    def take(self, node: Node, inputs: Sequence[Value]) -> list[Value]:
        """A node of the old graph, in one layer or several."""
        self.module, self.line = node.module, node.line
        self.scope, self._wanted, self._lowering = "", node.name, []
        result = self.add(node.layer, *inputs, blobs=node.blobs)
        outputs = result if isinstance(result, list) else [result]
        producers = self.graph.producers()
        for old, new in zip(node.outputs, outputs, strict=True):
            if new in producers and new not in inputs:
                new.name = old.name
        return outputs

    def lacks(self, layer: Layer) -> bool:
        """Whether the dialect has no such layer."""
        return self.target.lacks(layer) is not None

    def add(self, layer: Layer, *inputs: Value, blobs: Sequence[np.ndarray] = (), name: str = "") -> Any:
        blobs = tuple(np.asarray(blob, np.float32) for blob in blobs)
        known = self.target.lacks(layer, len(inputs)) is None
        if not known and not name and not self._wanted:
            return self._simpler(layer, inputs, blobs)  # the last step of a lowering: under the same name
        wanted = self._wanted or self.names.unique(self.name_of(layer, name or type(layer).__name__.lower()))
        self._wanted = ""
        if known:
            shapes = self.infer(layer, [value.shape for value in inputs], blobs)
            several = len(shapes) > 1
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
            raise self._refused(layer, len(inputs))
        self._lowering.append(step)
        result = layer.lower(self, inputs, blobs)
        self._lowering.pop()
        return result

    def _refused(self, layer: Layer, bottoms: int) -> Refused:
        """With the reader's own reason."""
        what = f"{self.target.name} has {self.target.lacks(layer, bottoms)}"
        if layer.type not in self.target.layers:
            return Refused(what, instead_of(layer.type, self.target))
        rule = next((rule for _, rule in self.target.broken(layer, bottoms)), None)
        return Refused(f"{what}: {rule.why}", rule.fix) if rule else Refused(what, "do without that setting")
