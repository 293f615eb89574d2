"""A graph as the lines of a .param file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...errors import Problem, Refused, UnsupportedError
from ...formats.ncnn import SHAPE, Ncnn, Tagged, activation, blob_shape, reshape
from ...graph.graph import Graph, Names, Node

FUSES = {
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
    """A line: a layer, the blobs it reads and writes, its params and weights; `node` is where it is from."""

    type: str
    name: str
    bottoms: list[str]
    tops: list[str]
    params: dict[int, Any] = field(default_factory=dict)
    weights: tuple[Tagged | np.ndarray, ...] = ()
    node: Node | None = None


@dataclass(eq=False)
class Ops:
    """A network in ncnn's layers. shapes: of each blob, outermost axis first. outputs: blobs that must stay."""

    lines: list[Op]
    shapes: dict[str, tuple[int, ...]]
    outputs: set[str]

    def readers(self) -> Counter[str]:
        """How often each blob is read."""
        return Counter(name for op in self.lines for name in op.bottoms)


def ops_of(graph: Graph, *, fuse: bool = False) -> Ops:
    """The lines of a graph that is already in ncnn's layers.

    fuse: let weighted layers apply the activation behind them.

    Raises UnsupportedError listing every layer that ncnn does not have after all.
    """
    lines = _Lines(graph)
    for value in graph.inputs:
        lines.input(value.name, blob_shape(value.shape))
    problems = []
    for node in graph.nodes:
        try:
            lines.node(node)
        except Refused as error:
            problems.append(Problem(node.where, error.what, error.fix))
    if problems:
        raise UnsupportedError(problems, "written for ncnn")
    ops = Ops(lines.ops, lines.shapes, {value.name for value in graph.outputs.values()})
    drop_reshapes(ops)
    if fuse:
        fuse_activations(ops)
    return ops


class _Lines:
    """Collects lines; puts Reshapes where a layer takes or makes other axes than the values have."""

    def __init__(self, graph: Graph) -> None:
        values = [*graph.inputs, *(value for node in graph.nodes for value in node.outputs)]
        self.names = Names([*(node.name for node in graph.nodes), *(value.name for value in values)])
        self.ops: list[Op] = []
        self.shapes: dict[str, tuple[int, ...]] = {}

    def input(self, name: str, dims: tuple[int, ...]) -> None:
        keys = reshape(dims)
        self.ops.append(Op("Input", name, [], [name], keys))
        self.shapes[name] = dims

    def node(self, node: Node) -> None:
        made = node.layer.to_ncnn([value.shape for value in node.inputs], node.blobs)
        dims = [blob_shape(value.shape) for value in node.outputs]
        bottoms = self._bottoms(node, made)
        if made.type == SHAPE:
            self._reshape(node.name, bottoms[0], node.outputs[0].name, dims[0], node)
            return
        raw, behind = [], []
        for index, (value, own) in enumerate(zip(node.outputs, dims, strict=True)):
            gives = (made.gives[index] if made.gives else None) or own
            name = value.name if gives == own else self.names.unique(f"{value.name}.flat")
            self.shapes[name] = gives
            raw.append(name)
            if gives != own:
                behind.append((name, value.name, own))
        self.ops.append(Op(made.type, node.name, bottoms, raw, made.params, made.weights, node))
        for name, top, own in behind:
            self._reshape(self.names.unique(f"{node.name}.reshape"), name, top, own, node)

    def _bottoms(self, node: Node, made: Ncnn) -> list[str]:
        names = []
        for index, value in enumerate(node.inputs):
            wanted = made.reads[index] if made.reads else None
            name = value.name
            if wanted is not None and wanted != self.shapes[name]:
                name = self.names.unique(f"{node.name}.in{index}")
                self._reshape(name, value.name, name, wanted, node)
            names.append(name)
        return names

    def _reshape(self, name: str, bottom: str, top: str, dims: tuple[int, ...], node: Node) -> None:
        self.ops.append(Op("Reshape", name, [bottom], [top], reshape(dims), (), node))
        self.shapes[top] = dims


def drop_reshapes(ops: Ops) -> None:
    """Takes out Reshapes that change nothing, and those that only Reshapes read.

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
        idle = op.type == "Reshape" and ops.shapes[op.bottoms[0]] == ops.shapes[op.tops[0]]
        if idle and op.tops[0] not in ops.outputs:
            same[op.tops[0]] = op.bottoms[0]
        else:
            kept.append(op)
    ops.lines[:] = kept
    readers = ops.readers()
    ops.lines[:] = [op for op in kept if op.type != "Reshape" or op.tops[0] in ops.outputs or readers[op.tops[0]]]


def fuse_activations(ops: Ops) -> None:
    """Lets weighted layers apply the activation that alone reads them; the blob keeps the activation's name.

    before: Convolution conv1 -> conv1, ReLU conv1 -> relu1
    after:  Convolution conv1 (9=1) -> relu1
    """
    readers = ops.readers()
    writer = {top: op for op in ops.lines for top in op.tops}
    gone = set()
    for op in ops.lines:
        params = activation(op.type, op.params)
        before = writer.get(op.bottoms[0]) if params and op.bottoms else None
        if params is None or before is None or before.type not in FUSES or 9 in before.params:
            continue
        if readers[op.bottoms[0]] == 1 and op.bottoms[0] not in ops.outputs:
            before.params = {**before.params, **params}
            before.tops = op.tops
            writer[op.tops[0]] = before
            gone.add(op)
    ops.lines[:] = [op for op in ops.lines if op not in gone]


def split(ops: Ops) -> list[Op]:
    """The lines with a Split behind each blob that is read more than once: ncnn gives a blob one reader.

    before: pool1 -> fire2, pool1 -> fire3
    after:  pool1 -> Split splitncnn_0 -> pool1_splitncnn_0 -> fire2, pool1_splitncnn_1 -> fire3
    """
    readers = ops.readers()
    names = Names([*(op.name for op in ops.lines), *ops.shapes])
    copies: dict[str, list[str]] = {}
    lines: list[Op] = []
    for op in ops.lines:
        bottoms = [copies[name].pop(0) if name in copies else name for name in op.bottoms]
        lines.append(Op(op.type, op.name, bottoms, list(op.tops), op.params, op.weights, op.node))
        for top in op.tops:
            if readers[top] > 1:
                copies[top] = [names.unique(f"{top}_splitncnn_{index}") for index in range(readers[top])]
                lines.append(Op("Split", names.unique(f"splitncnn_{top}"), [top], list(copies[top])))
    return lines


def size_of(weights: Sequence[Tagged | np.ndarray]) -> int:
    """Numbers in some weights."""
    return sum(weight.array.size if isinstance(weight, Tagged) else weight.size for weight in weights)
