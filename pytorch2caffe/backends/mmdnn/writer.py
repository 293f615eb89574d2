"""Graph to MMdnn's intermediate representation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from ...errors import ConversionError, Refusal, Refused, UnsupportedError
from ...formats.mmdnn.files import write_ir
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.mmdnn.node import IrNode
from ...graph.builder import Builder
from ...graph.graph import Graph, Names, Node, Shape, Value
from ...graph.lowering import Lowered
from ...graph.registry import Layer
from ...passes.express import express
from ...runtime.infer import infer
from .passes import BEFORE_LOWERING

INDEXED = {"Split"}  # operators whose outputs are always read by their index


def save_ir(graph: Graph, prefix: str | Path) -> None:
    """Writes a graph as PREFIX.json, PREFIX.pb and PREFIX.npy; all three appear together, or none.

    Operators are MMdnn's; layers that it lacks are expressed in those it has, and a few under TensorFlow's names
    (docs/ir.md). Weights are float32.
    Raises UnsupportedError listing every layer that the IR cannot express; then nothing is written.
    """
    write_ir(nodes_of(graph), prefix)


def nodes_of(graph: Graph) -> list[IrNode]:
    """The graph as nodes of the IR, each after those that it reads, the outputs last."""
    if not graph.inputs:
        raise ConversionError("an IR network needs an input; this graph has none")
    lowered = express(graph, IrTarget(), infer, BEFORE_LOWERING)
    if lowered.problems:
        raise UnsupportedError(lowered.problems, "written in MMdnn's IR")
    return _Operators(lowered).nodes()


class IrTarget:
    """The IR has the layers whose `to_ir` does not refuse."""

    name = "MMdnn's IR"
    float32 = True

    def takes(self, layer: Layer, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Refusal | None:
        """None if the IR has operators for the layer, for inputs of these shapes, else the layer's own reason."""
        net = IrNet()
        try:
            layer.to_ir(net, [net.op("DataInput", shape=value.shape) for value in inputs], blobs)
        except Refused as error:
            return Refusal(error.what, error.fix)
        return None

    def own_form(self, net: Builder, layer: Layer, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> None:
        """None: layers have no other form for the IR than that of their `lower`."""


class _Operators:
    """The operators of a lowered graph. They are named after the layers of the original graph."""

    def __init__(self, lowered: Lowered) -> None:
        self.net = IrNet()
        self._edges: dict[Value, Edge] = {}
        self._names: dict[int, str] = {}  # of operators, by their identity
        for value in lowered.graph.inputs:
            edge = self.net.op("DataInput", shape=value.shape, dtype="DT_FLOAT32")
            edge.node.attrs["shape"] = _open(edge.ir_shape)
            self._edges[value] = edge
            self._names[id(edge.node)] = value.name
        for source, nodes in groupby(lowered.graph.nodes, key=lowered.sources.__getitem__):
            self._add(source, list(nodes), lowered.values)
        self._inputs = {id(self._edges[value].node) for value in lowered.graph.inputs}
        self._outputs = self._own({name: self._edges[value] for name, value in lowered.graph.outputs.items()})

    def _add(self, source: Node, nodes: Sequence[Node], values: dict[Value, Value]) -> None:
        """Adds the operators of one layer; the one that gives its output has its name, the others `name/kind`."""
        start = len(self.net.edges)
        for node in nodes:
            result = node.layer.to_ir(self.net, [self._edges[value] for value in node.inputs], node.blobs)
            self._edges.update(zip(node.outputs, result if isinstance(result, list) else [result], strict=True))
        last = self._edges[values[source.outputs[0]]].node
        for edges in self.net.edges[start:]:
            operator = edges[0].node
            own = operator is last
            self._names[id(operator)] = source.name if own else f"{source.name}/{operator.op.lower()}"

    def _own(self, wanted: dict[str, Edge]) -> list[Edge]:
        """An operator for each output that is read by nothing else, has no other output and is no input."""
        read = Counter(id(edge.node) for edges in self.net.edges for edge in edges[0].inputs)
        read.update(id(edge.node) for edge in wanted.values())
        outputs = []
        for name, edge in wanted.items():
            if read[id(edge.node)] > 1 or edge.node.op in (*INDEXED, "DataInput", "Constant"):
                edge = self.net.op("Dropout", edge, keep_prob=1.0)  # the IR has no identity
                self._names[id(edge.node)] = name
            outputs.append(edge)
        return outputs

    def nodes(self) -> list[IrNode]:
        """The operators that matter, with unique names; outputs last, in order."""
        last = [edge.node for edge in self._outputs]
        wanted = {id(node) for node in last} | self._inputs
        for edges in reversed(self.net.edges):
            if id(edges[0].node) in wanted:
                wanted.update(id(edge.node) for edge in edges[0].inputs)
        used = [edges for edges in self.net.edges if id(edges[0].node) in wanted]
        position = {id(node): number for number, node in reversed(list(enumerate(last, 1)))}
        used.sort(key=lambda edges: position.get(id(edges[0].node), 0))
        names = Names()
        for edges in sorted(used, key=lambda edges: "/" in self._names[id(edges[0].node)]):
            edges[0].node.name = names.unique(self._names[id(edges[0].node)])
        for edges in used:
            node = edges[0].node
            node.inputs = [f"{e.node.name}:{e.index}" if e.node.op in INDEXED else e.node.name for e in edges[0].inputs]
            node.attrs = {key.rstrip("_"): value for key, value in node.attrs.items()}
            node.attrs["_output_shapes"] = [_open(edge.ir_shape) for edge in edges]
        return [edges[0].node for edges in used]


def _open(shape: Shape) -> Shape:
    """A shape with the batch left open, as MMdnn has it, where it is 1."""
    return (-1, *shape[1:]) if shape[:1] == (1,) else shape
