"""Networks that would compute something else at another height or width."""

from __future__ import annotations

from collections.abc import Iterator

from ..graph.graph import Graph, Infer, Node, Value
from ..graph.other_sizes import Misfit, shapes_with
from ..layers.shape.reshape import Reshape
from ..layers.shape.slice import Slice

SPACE = (2, 3)


def fix_sizes(graph: Graph, infer: Infer) -> None:
    """Lets a file fail at another height or width, where its layers would load and compute something else.

    before: x[1, 8, 16, 16] -> Slice(axis 2, slice_point 15) -> y, rest
    after:  x[1, 8, 16, 16] -> Reshape[0, 0, 16, 0] -> Slice(axis 2, slice_point 15) -> y, rest
    """
    if not any(True for node in graph.nodes for _ in _bound(node)):
        return
    for space in SPACE:
        try:
            shapes = shapes_with(graph, infer, space)
        except Misfit:
            continue
        found = ((node, value, axis) for node in graph.nodes for value, axis in _bound(node))
        silent = next((each for each in found if shapes[each[1]][each[2]] != each[1].shape[each[2]]), None)
        if silent is not None:
            _insert(graph, *silent)


def _bound(node: Node) -> Iterator[tuple[Value, int]]:
    """The inputs of a node from which it computes what is right for one size only, each with an axis of that size.

    A position in the second half of an axis is taken to be counted from its end.
    """
    for value in node.inputs:
        if value.fixed:
            yield from ((value, axis) for axis in range(2, len(value.shape)))
    layer = node.layer
    if isinstance(layer, Slice) and node.inputs:
        axis = layer.axis % len(node.inputs[0].shape)
        if any(2 * point >= node.inputs[0].shape[axis] for point in layer.slice_point):
            yield node.inputs[0], axis


def _insert(graph: Graph, node: Node, value: Value, axis: int) -> None:
    """A Reshape of `value` to its own size along an axis, before a node."""
    dims = tuple(size if at == axis else 0 for at, size in enumerate(value.shape))
    name = f"{value.name}.fixed{axis}"
    fixed = Value(name, value.shape, fixed=value.fixed)
    guard = Node(name, Reshape(dims), [value], [fixed], (), node.module, node.line)
    node.inputs = [fixed if each is value else each for each in node.inputs]
    graph.nodes.insert(graph.nodes.index(node), guard)
