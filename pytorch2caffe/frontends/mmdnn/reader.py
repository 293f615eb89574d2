"""MMdnn's intermediate representation to Graph."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ConversionError, Problem, Refused, UnsupportedError
from ...formats.mmdnn.files import read_ir
from ...formats.mmdnn.layout import graph_shape
from ...formats.mmdnn.node import IrNode
from ...graph.builder import Builder
from ...graph.graph import Graph, Operand, Shape, Value
from ...graph.nonfinite import warn_of_nonfinite
from ...graph.registry import IR, Layer, load_layers
from ...passes.fold_pads import fold_pads
from ...passes.merge_permutes import merge_permutes
from ...runtime.infer import infer
from .operator import Operator

FIX = "register it with @from_ir (docs/adding-a-layer.md)"
MOST_NUMBERS = 1 << 31  # of one tensor
CHANNELS_FIRST = ("NCHW", "NCDHW", "NCW")
RECURRENT = ("LSTM", "GRU")
NO_OUTPUT = {"DataInput", "Constant", "Const", "Shape"}
# Inputs of an operator other than data: names of constants within its scope, whose values its attributes have.
SETTINGS = {
    "Concat": {"axis", "concat_dim"},
    "Transpose": {"perm"},
    "Embedding": {"axis"},
    "ConvTranspose": {"input_sizes"},
    "ResizeNearestNeighbor": {"size"},
    "ResizeBilinear": {"size"},
    "Reshape": {"shape"},
    "Split": {"split_dim"},
    "Pad": {"paddings"},
    "ReduceMean": {"reduction_indices"},
    "Unsqueeze": {"dim"},
    "Slice": {"begin", "size", "end", "strides", "stack", "stack_1", "stack_2"},
}
MALFORMED = (ArithmeticError, LookupError, TypeError, ValueError, RuntimeError)


def load_ir(structure: str | Path, weights: str | Path | None = None) -> Graph:
    """Reads a network in MMdnn's intermediate representation, for inference, without MMdnn.

    structure: the .json or .pb. weights: the .npy that goes with it.

    Tensors of 4 and 5 axes are channels first in the Graph; a batch that the file leaves open is 1. Outputs, named
    after their nodes, are those that nothing reads.
    Raises UnsupportedError naming every node that is unknown, malformed or lacks what it needs, ConversionError for
    files that are damaged or hostile.
    """
    nodes = read_ir(structure, weights)
    return graph_of(nodes, Path(structure).stem, source_of(nodes))


def source_of(nodes: Sequence[IrNode]) -> str:
    """Whose conventions a file follows: MMdnn's TensorFlow and Keras parsers leave attributes that others do not."""
    marks = {"scope", "dtype", "data_format", "auto_pad", "padding"}
    return "tensorflow" if any(marks & node.attrs.keys() for node in nodes) else "caffe"


def graph_of(nodes: Sequence[IrNode], name: str = "net", source: str = "tensorflow") -> Graph:
    """The Graph of IR nodes, in any order.

    source: "tensorflow", where Reshape, Flatten and fully connected layers take a tensor's numbers channels last and
    averages leave out the padding; "caffe", where they do as Caffe (mmdnn-ir in the docs: docs/ir.md).

    Raises UnsupportedError listing everything that is unknown or malformed.
    """
    load_layers()
    reader = _Reader(nodes, name, source)
    reader.read()
    if reader.problems:
        raise UnsupportedError(reader.problems, f"read from the IR {name!r}")
    graph = reader.net.graph
    if not graph.inputs or not graph.outputs:
        lacks = "operator that is an output: what the network ended in was lost" if graph.inputs else "input"
        raise ConversionError(f"the IR {name!r} has no {lacks}; its nodes: {', '.join(n.op for n in nodes[:9])}")
    merge_permutes(graph)
    fold_pads(graph, extend=False)
    _own(graph)
    reader.name_values()
    warn_of_nonfinite(graph)
    return graph


class _Reader:
    def __init__(self, nodes: Sequence[IrNode], name: str, source: str) -> None:
        self.net = Builder(Graph(name), _bounded)
        self.source = source
        self.problems: list[Problem] = []
        self.found: dict[str, list[Operand | None]] = {}  # the outputs of a node; None where it failed
        self.nodes: dict[str, IrNode] = {}
        for node in nodes:
            if node.name in self.nodes:
                self._problem(node, Refused("two nodes have this name", "rename one"))
            self.nodes[node.name] = node
        self.consumers: dict[str, list[IrNode]] = {name: [] for name in self.nodes}
        for node in self.nodes.values():
            node_inputs = [_split(edge, self.nodes)[0] for edge in node.inputs]
            for other in dict.fromkeys(node_inputs):
                self.consumers.get(other, []).append(node)

    def _problem(self, node: IrNode, error: Refused) -> None:
        self.problems.append(Problem(f"node {node.name!r}", error.what, error.fix))

    def read(self) -> None:
        for node in self._sorted():
            self.net.scope = node.name
            try:
                self.found[node.name] = self._outputs(node)
            except Refused as error:
                self._problem(node, error)
                self.found[node.name] = [None]
        for node in self.nodes.values():
            if not self.consumers[node.name] and node.op not in NO_OUTPUT:
                values = [value for value in self.found.get(node.name, []) if value is not None]
                for index, value in enumerate(values):
                    value = value if isinstance(value, Value) else self.net.constant(value)
                    self.net.graph.outputs[f"{node.name}:{index}" if len(values) > 1 else node.name] = value

    def name_values(self) -> None:
        """Names the output of an IR node, and the layer that produces it, after the node, where the name is free."""
        producers = self.net.graph.producers()
        taken = {name for node in producers.values() for name in (node.name, *(value.name for value in node.outputs))}
        taken |= {value.name for value in self.net.graph.inputs}
        for name, values in self.found.items():
            value = values[0]
            if len(values) > 1 or not isinstance(value, Value) or value not in producers or name in taken:
                continue
            if len(producers[value].outputs) == 1:
                producers[value].name = value.name = name
                taken.add(name)

    def _sorted(self) -> list[IrNode]:
        """The nodes, each after those that it reads.

        Isolated nodes, without inputs and consumers, are left out: MMdnn's TensorFlow parsers write inputs and
        constants twice. An input with a data_format was written by this package, and stays.
        """
        waiting = {name: 0 for name in self.nodes}
        for consumers in self.consumers.values():
            for consumer in consumers:
                waiting[consumer.name] += 1
        lone = {name for name, n in self.nodes.items() if not n.inputs and not self.consumers[name]}
        inputs = {name for name, n in self.nodes.items() if n.op == "DataInput"}
        lone -= {name for name in inputs if "data_format" in self.nodes[name].attrs or inputs <= lone}
        position = {name: index for index, name in enumerate(self.nodes)}
        ready = [(position[name], node) for name, node in self.nodes.items() if not waiting[name] and name not in lone]
        done = []
        while ready:
            _, node = heappop(ready)  # the first in the file of those that are ready
            done.append(node)
            for consumer in self.consumers[node.name]:
                waiting[consumer.name] -= 1
                if not waiting[consumer.name]:
                    heappush(ready, (position[consumer.name], consumer))
        for name, count in waiting.items():
            if count > 0:
                self._problem(self.nodes[name], Refused("it is part of a loop, or after one", "unroll the loop"))
        return done

    def _outputs(self, node: IrNode) -> list[Operand | None]:
        if node.op == "DataInput":
            return [self._input(node)]
        if node.op not in IR:
            raise Refused(f"operator {node.op!r} is not supported", FIX)
        if node.attrs.get("data_format") in CHANNELS_FIRST:
            raise Refused(
                f"{node.op} is channels first; the IR's axes and weights are channels last", "convert it as NHWC"
            )
        rule = IR[node.op]
        inputs = self._inputs(node)
        if any(value is None for value in inputs):  # its own problem is listed already
            return [None]
        if self._within_a_cell(node):
            return list(inputs)
        op = Operator(node, self.net, self.source, [consumer.name for consumer in self.consumers[node.name]])
        _check_arity(rule, node, inputs)
        try:
            result = rule(self.net, op, *inputs)
        except MALFORMED as error:
            raise Refused(f"{node.op} does not fit its inputs or attributes: {str(error)[:200]}") from error
        return list(result) if isinstance(result, (list, tuple)) else [result]

    def _within_a_cell(self, node: IrNode) -> bool:
        """Whether this is the activation within a recurrent cell, which MMdnn's Keras parser writes a second time."""
        (first, *_) = node.inputs or [""]
        return first in self.nodes and self.nodes[first].op in RECURRENT and node.name == f"{first}_activation"

    def _input(self, node: IrNode) -> Value:
        shapes = node.attrs.get("_output_shapes")
        shape = node.attrs.get("shape", shapes[0] if isinstance(shapes, list) and shapes else None)
        if not isinstance(shape, tuple) or not all(isinstance(size, int) for size in shape):
            raise Refused("an input without a shape", "give its shape (--inputShape)")
        sizes = tuple(1 if index == 0 and size == -1 else size for index, size in enumerate(shape))
        if any(size < 1 for size in sizes):
            raise Refused(f"an input of shape {list(shape)}", "give all of its sizes (--inputShape)")
        _check_size(sizes)
        return self.net.input(node.name, graph_shape(sizes))

    def _inputs(self, node: IrNode) -> list[Operand | None]:
        found: list[Operand | None] = []
        missing = []
        for edge in node.inputs:
            name, index = _split(edge, self.nodes)
            own, _, last = name.rpartition("/")
            if last in SETTINGS.get(node.op, ()) and (name not in self.nodes or self.nodes[name].op in NO_OUTPUT):
                continue
            if name not in self.nodes:
                missing.append(edge)
            elif name in self.found:
                found.append(self._output(node, name, index))
        if missing:
            names = ", ".join(map(repr, missing))
            what = f"{node.op} reads {names}, which is not in the file: an operand or operator was lost"
            raise Refused(what, "regenerate the IR from the source, with a converter that keeps it")
        return found

    def _output(self, node: IrNode, name: str, index: int | None) -> Operand | None:
        outputs = self.found[name]
        if len(outputs) == 1 and outputs[0] is None:
            return None
        several = len(outputs) > 1
        if several and index is None:
            raise Refused(
                f"{node.op} reads {name!r}, which has {len(outputs)} outputs, and does not name one",
                "regenerate the IR with edges that name the output, like split:1",
            )
        if (index or 0) >= len(outputs):
            raise Refused(f"{node.op} reads output {index} of {name!r}, which has {len(outputs)}")
        return outputs[index or 0]


def _split(edge: str, nodes: Mapping[str, Any]) -> tuple[str, int | None]:
    """The node and the output that an edge names; None for an output that it does not name.

    >>> _split("split:2", {"split": ...}), _split("conv", {"conv": ...}), _split("a:1", {"a:1": ...})
    (('split', 2), ('conv', None), ('a:1', None))
    """
    name, colon, index = edge.rpartition(":")
    if edge in nodes or not colon or not index.isdecimal() or len(index) > 9:
        return edge, None
    return name, int(index)


def _check_arity(rule: Callable[..., Any], node: IrNode, inputs: Sequence[Any]) -> None:
    try:
        inspect.signature(rule).bind(None, None, *inputs)
    except TypeError:
        raise Refused(f"{node.op} has {len(inputs)} inputs") from None


def _bounded(layer: Layer, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> list[Shape]:
    """As `infer`; raises Refused for tensors that are too large."""
    found = infer(layer, shapes, blobs)
    for shape in found:
        _check_size(shape)
    return found


def _own(graph: Graph) -> None:
    """Copies weights that are views of a file or not contiguous; shared arrays stay shared."""
    made: dict[int, np.ndarray] = {}
    for node in graph.nodes:
        for blob in node.blobs:
            if not (blob.flags.c_contiguous and blob.flags.writeable):
                made.setdefault(id(blob), np.array(blob, np.float32, order="C"))
        node.blobs = tuple(made.get(id(blob), blob) for blob in node.blobs)


def _check_size(shape: Shape) -> None:
    size = 1
    for dim in shape:
        size *= dim
    if size > MOST_NUMBERS:
        raise Refused(f"a tensor of shape {list(shape)}", f"use at most {MOST_NUMBERS:,} numbers")
