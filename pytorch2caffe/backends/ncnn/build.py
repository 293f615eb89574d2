"""A graph as ncnn layers, one for each line of a .param file."""

from __future__ import annotations

from ...errors import Problem, Refused, UnsupportedError
from ...formats.ncnn import SHAPE, Ncnn, blob_shape, reshape
from ...graph.graph import Graph, Node
from .ops import Op, Ops, fuse_activations, reshape_op
from .reshapes import drop_reshapes, move_reshapes


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
    move_reshapes(ops)
    drop_reshapes(ops)
    if fuse:
        fuse_activations(ops)
    return ops


class _OpBuilder:
    """Collects lines; inserts Reshapes where a layer reads or writes other shapes than the values have."""

    def __init__(self, graph: Graph) -> None:
        self.names = graph.names()
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
        self.ops.append(reshape_op(name, bottom, top, dims, node))
        self.shapes[top] = dims
