"""Graph to MMdnn's intermediate representation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ConversionError, Problem, Refused, UnsupportedError
from ...formats.mmdnn.files import write_ir
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.mmdnn.node import IrNode
from ...graph.builder import Builder
from ...graph.graph import Graph, Names, Node, Shape, Value
from ...graph.registry import Layer
from ...layers.elementwise.scale import Scale
from ...layers.normalization.batch_norm import BatchNorm
from ...passes.basic import drop_unused
from ...passes.permutes import flatten_channels_last
from ...runtime.build import infer

SEVERAL = {"Split"}  # operators that always say which of their outputs is read


def save_ir(graph: Graph, prefix: str | Path) -> None:
    """Writes a graph as PREFIX.json, PREFIX.pb and PREFIX.npy; all three appear together, or none.

    Operators are MMdnn's; layers that it lacks are written in those it has, and a few under TensorFlow's names
    (docs/ir.md). Weights are float32.
    Raises UnsupportedError listing every layer that the IR cannot say; then nothing is written.
    """
    write_ir(nodes_of(graph), prefix)


def nodes_of(graph: Graph) -> list[IrNode]:
    """The graph as nodes of the IR, each behind those that it reads, the outputs last."""
    if not graph.inputs:
        raise ConversionError("an IR network needs an input; this graph has none")
    graph = _prepared(graph)
    writer = _Writer(graph)
    pairs = _scaled(graph)
    problems: list[Problem] = []
    for node in graph.nodes:
        try:
            writer.take(node, pairs.get(node))
        except Refused as error:
            problems.append(Problem(node.where, error.what, error.fix))
            writer.give_up(node)
    if problems:
        raise UnsupportedError(problems, "written in MMdnn's IR")
    return writer.nodes(writer.outputs())


def _prepared(graph: Graph) -> Graph:
    """A copy without what no output needs, in which flattening before fully connected layers is channels last."""
    copy = graph.copy()
    drop_unused(copy)
    flatten_channels_last(copy)
    return copy


def _scaled(graph: Graph) -> dict[Node, Node]:
    """Each BatchNorm with the Scale per channel that alone reads it: the IR has one operator for both; and back."""
    consumers, outputs = graph.consumers(), set(graph.outputs.values())
    found = {}
    for node in graph.nodes:
        readers = consumers.get(node.outputs[0], []) if node.outputs else []
        if not isinstance(node.layer, BatchNorm) or len(readers) != 1 or node.outputs[0] in outputs:
            continue
        (scale,), layer = readers, readers[0].layer
        if isinstance(layer, Scale) and len(scale.inputs) == layer.axis == 1 and scale.blobs[0].ndim == 1:
            found.update({node: scale, scale: node})
    return found


class _Writer(Builder):
    """A builder whose layers become operators: by their own `to_ir`, or by that of the simpler ones they lower to."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(Graph(graph.name), infer)
        self.wanted = graph.outputs
        self.net = IrNet()
        self.edges: dict[Value, Edge] = {}
        self._names: dict[int, str] = {}  # of operators, by their identity
        self._lowering: list[tuple[Layer, list[Any]]] = []
        for value in graph.inputs:
            self.graph.inputs.append(value)
            self.edges[value] = edge = self.net.op("DataInput", shape=value.shape, dtype="DT_FLOAT32")
            edge.node.attrs["shape"] = _open(edge.ir_shape)
            self._names[id(edge.node)] = value.name

    def take(self, node: Node, pair: Node | None) -> None:
        """A node of the graph, with the Scale behind it if there is one."""
        if pair is not None and isinstance(node.layer, Scale):
            self.edges[node.outputs[0]] = self.edges[node.inputs[0]]
            return
        self.scope, self._lowering = node.name, []
        start = len(self.net.edges)
        blobs = (*node.blobs, *pair.blobs) if pair is not None else node.blobs
        result = self.add(node.layer, *node.inputs, blobs=blobs)
        made = self.net.edges[start:]
        for value, new in zip(node.outputs, result if isinstance(result, list) else [result], strict=True):
            self.edges[value] = self.edges[new]
        for edges in made:
            kind = edges[0].node.op.lower()
            own = bool(node.outputs) and edges[0].node is self.edges[node.outputs[0]].node
            self._names[id(edges[0].node)] = node.name if own else f"{node.name}/{kind}"

    def give_up(self, node: Node) -> None:
        """Stands in for the outputs of a node that cannot be written, so that all problems are found."""
        for value in node.outputs:
            self.edges[value] = self.net.op("Constant", shape=value.shape)

    def lacks(self, layer: Layer, *inputs: Value) -> bool:
        """Whether the IR has no such operator."""
        return type(layer).to_ir is Layer.to_ir

    def add(self, layer: Layer, *inputs: Any, blobs: Sequence[np.ndarray] = (), name: str = "") -> Any:
        """As Builder's; the values that it returns are those of operators."""
        values = [self.constant(x) if isinstance(x, np.ndarray) else x for x in inputs]
        blobs = [np.asarray(blob, np.float32) for blob in blobs]
        start = len(self.net.edges)
        try:
            made = layer.to_ir(self.net, [self.edges[value] for value in values], blobs)
        except Refused:
            del self.net.edges[start:]
            step = (layer, [value.shape for value in values])
            if step in self._lowering or type(layer).lower is Layer.lower:
                raise
            self._lowering.append(step)
            result = layer.lower(self, values, blobs)
            self._lowering.pop()
            return result
        several = isinstance(made, list)
        found = [Value("", edge.shape) for edge in (made if several else [made])]
        self.edges.update(zip(found, made if several else [made], strict=True))
        return found if several else found[0]

    def outputs(self) -> list[Edge]:
        """An operator for each output that is read by nothing else, has no other output and is no input."""
        wanted = [(name, self.edges[value]) for name, value in self.wanted.items()]
        read = Counter(id(edge.node) for edges in self.net.edges for edge in edges[0].inputs)
        read.update(id(edge.node) for _, edge in wanted)
        found = []
        for name, edge in wanted:
            if read[id(edge.node)] > 1 or edge.node.op in (*SEVERAL, "DataInput", "Constant"):
                edge = self.net.op("Dropout", edge, keep_prob=1.0)  # the IR has no identity
                self._names[id(edge.node)] = name
            found.append(edge)
        return found

    def nodes(self, outputs: Sequence[Edge]) -> list[IrNode]:
        """The operators that matter, with names of their own; outputs last, in order."""
        last = [edge.node for edge in outputs]
        wanted = {id(node) for node in last} | {id(self.edges[value].node) for value in self.graph.inputs}
        for edges in reversed(self.net.edges):
            if id(edges[0].node) in wanted:
                wanted.update(id(edge.node) for edge in edges[0].inputs)
        kept = [edges for edges in self.net.edges if id(edges[0].node) in wanted]
        kept.sort(key=lambda edges: next((i for i, node in enumerate(last, 1) if node is edges[0].node), 0))
        names = Names()
        for edges in sorted(kept, key=lambda edges: "/" in self._names[id(edges[0].node)]):
            edges[0].node.name = names.unique(self._names[id(edges[0].node)])
        for edges in kept:
            node = edges[0].node
            node.inputs = [f"{e.node.name}:{e.index}" if e.node.op in SEVERAL else e.node.name for e in edges[0].inputs]
            node.attrs = {key.rstrip("_"): value for key, value in node.attrs.items()}
            node.attrs["_output_shapes"] = [_open(edge.ir_shape) for edge in edges]
        return [edges[0].node for edges in kept]


def _open(shape: Shape) -> Shape:
    """A shape with the batch left open, as MMdnn has it, where it is 1."""
    return (-1, *shape[1:]) if shape[:1] == (1,) else shape
