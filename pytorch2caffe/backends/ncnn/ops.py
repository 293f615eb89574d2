"""A graph as ncnn layers, one for each line of a .param file, and the rewrites on them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...errors import Problem, Refused, UnsupportedError
from ...formats.ncnn import SHAPE, Ncnn, Tagged, activation, blob_shape, reshape
from ...graph.graph import Graph, Names, Node

FUSES_ACTIVATION = {
    "Convolution",
    "ConvolutionDepthWise",
    "Deconvolution",
    "DeconvolutionDepthWise",
    "InnerProduct",
    "Convolution1D",
    "ConvolutionDepthWise1D",
}


@dataclass(eq=False)
class Op:
    """A line of a .param file: a layer with the blobs that it reads and writes, its params and weights.

    node: the node from which it originates.
    """

    type: str
    name: str
    bottoms: list[str]
    tops: list[str]
    params: dict[int, Any] = field(default_factory=dict)
    weights: tuple[Tagged | np.ndarray, ...] = ()
    node: Node | None = None


@dataclass(eq=False)
class Ops:
    """A network in ncnn's layers.

    lines:   the layers in execution order.
    shapes:  the shape of each blob, outermost axis first, without the batch axis.
    outputs: blobs that must not be removed or renamed.
    """

    lines: list[Op]
    shapes: dict[str, tuple[int, ...]]
    outputs: set[str]

    def read_counts(self) -> Counter[str]:
        """How many times each blob is read."""
        return Counter(name for op in self.lines for name in op.bottoms)


def to_ops(graph: Graph, *, fuse: bool = False) -> Ops:
    """The lines of a graph whose layers all have a form in ncnn.

    fuse: fuse activations into the preceding weighted layers.

    Raises UnsupportedError with every layer that has no form in ncnn.
    """
    builder = _OpBuilder(graph)
    for value in graph.inputs:
        builder.add_input(value.name, blob_shape(value.shape))
    problems = []
    for node in graph.nodes:
        try:
            builder.add_node(node)
        except Refused as error:
            problems.append(Problem(node.where, error.what, error.fix))
    if problems:
        raise UnsupportedError(problems, "written for ncnn")
    ops = Ops(builder.ops, builder.shapes, {value.name for value in graph.outputs.values()})
    drop_reshapes(ops)
    if fuse:
        fuse_activations(ops)
    return ops


class _OpBuilder:
    """Collects lines; inserts Reshapes where a layer reads or writes other shapes than the values have."""

    def __init__(self, graph: Graph) -> None:
        values = [*graph.inputs, *(value for node in graph.nodes for value in node.outputs)]
        self.names = Names([*(node.name for node in graph.nodes), *(value.name for value in values)])
        self.ops: list[Op] = []
        self.shapes: dict[str, tuple[int, ...]] = {}

    def add_input(self, name: str, dims: tuple[int, ...]) -> None:
        self.ops.append(Op("Input", name, [], [name], reshape(dims)))
        self.shapes[name] = dims

    def add_node(self, node: Node) -> None:
        form = node.layer.to_ncnn([value.shape for value in node.inputs], node.blobs)
        dims = [blob_shape(value.shape) for value in node.outputs]
        bottoms = self._bottoms(node, form)
        if form.type == SHAPE:
            self._add_reshape(node.name, bottoms[0], node.outputs[0].name, dims[0], node)
            return
        tops, reshapes = [], []
        for index, (value, expected) in enumerate(zip(node.outputs, dims, strict=True)):
            written = (form.gives[index] if form.gives else None) or expected
            name = value.name if written == expected else self.names.unique(f"{value.name}.flat")
            self.shapes[name] = written
            tops.append(name)
            if written != expected:
                reshapes.append((name, value.name, expected))
        self.ops.append(Op(form.type, node.name, bottoms, tops, form.params, form.weights, node))
        for name, top, expected in reshapes:
            self._add_reshape(self.names.unique(f"{node.name}.reshape"), name, top, expected, node)

    def _bottoms(self, node: Node, form: Ncnn) -> list[str]:
        names = []
        for index, value in enumerate(node.inputs):
            expected = form.reads[index] if form.reads else None
            name = value.name
            if expected is not None and expected != self.shapes[name]:
                name = self.names.unique(f"{node.name}.in{index}")
                self._add_reshape(name, value.name, name, expected, node)
            names.append(name)
        return names

    def _add_reshape(self, name: str, bottom: str, top: str, dims: tuple[int, ...], node: Node) -> None:
        self.ops.append(Op("Reshape", name, [bottom], [top], reshape(dims), (), node))
        self.shapes[top] = dims


def drop_reshapes(ops: Ops) -> None:
    """Removes Reshapes that do not change the shape, and those that only Reshapes read.

    before: Pooling [512] -> Reshape [512, 1, 1] -> Reshape [512] -> InnerProduct
    after:  Pooling [512] -> InnerProduct
    """
    source: dict[str, str] = {}
    for op in ops.lines:
        read = op.bottoms
        op.bottoms = [source.get(name, name) if op.type == "Reshape" else name for name in read]
        if op.type == "Reshape":
            source[op.tops[0]] = op.bottoms[0]
    same: dict[str, str] = {}
    kept = []
    for op in ops.lines:
        op.bottoms = [same.get(name, name) for name in op.bottoms]
        is_identity = op.type == "Reshape" and ops.shapes[op.bottoms[0]] == ops.shapes[op.tops[0]]
        if is_identity and op.tops[0] not in ops.outputs:
            same[op.tops[0]] = op.bottoms[0]
        else:
            kept.append(op)
    ops.lines[:] = kept
    read_counts = ops.read_counts()
    ops.lines[:] = [op for op in kept if op.type != "Reshape" or op.tops[0] in ops.outputs or read_counts[op.tops[0]]]


def fuse_activations(ops: Ops) -> None:
    """Fuses an activation into the weighted layer before it, if nothing else reads that; the activation's blob remains.

    before: Convolution conv1 -> conv1, ReLU conv1 -> relu1
    after:  Convolution conv1 (9=1) -> relu1
    """
    read_counts = ops.read_counts()
    writer = {top: op for op in ops.lines for top in op.tops}
    fused = set()
    for op in ops.lines:
        params = activation(op.type, op.params)
        before = writer.get(op.bottoms[0]) if params and op.bottoms else None
        if params is None or before is None or before.type not in FUSES_ACTIVATION or 9 in before.params:
            continue
        if read_counts[op.bottoms[0]] == 1 and op.bottoms[0] not in ops.outputs:
            before.params = {**before.params, **params}
            before.tops = op.tops
            writer[op.tops[0]] = before
            fused.add(op)
    ops.lines[:] = [op for op in ops.lines if op not in fused]


def insert_splits(ops: Ops) -> list[Op]:
    """The lines with a Split after each blob that is read more than once, because an ncnn blob has one consumer.

    before: pool1 -> fire2, pool1 -> fire3
    after:  pool1 -> Split splitncnn_0 -> pool1_splitncnn_0 -> fire2, pool1_splitncnn_1 -> fire3
    """
    read_counts = ops.read_counts()
    names = Names([*(op.name for op in ops.lines), *ops.shapes])
    copies: dict[str, list[str]] = {}
    lines: list[Op] = []
    for op in ops.lines:
        bottoms = [copies[name].pop(0) if name in copies else name for name in op.bottoms]
        lines.append(Op(op.type, op.name, bottoms, list(op.tops), op.params, op.weights, op.node))
        for top in op.tops:
            if read_counts[top] > 1:
                copies[top] = [names.unique(f"{top}_splitncnn_{index}") for index in range(read_counts[top])]
                lines.append(Op("Split", names.unique(f"splitncnn_{top}"), [top], list(copies[top])))
    return lines
