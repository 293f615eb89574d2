"""Networks that would compute something else at another height, width or batch."""

from __future__ import annotations

from collections.abc import Iterator

from ..graph.graph import Graph, Infer, Node, Shape, Value
from ..graph.other_sizes import AXES, Misfit, other_scales, shapes_with
from ..layers.shape.reshape import Reshape

GUARDED = ".fixed"  # the end of the name of what lets other sizes fail


def is_guard(node: Node) -> bool:
    """Whether a node is a Reshape that `fix_sizes` inserted, in a file too."""
    kept = isinstance(node.layer, Reshape) and node.inputs[0].shape == node.outputs[0].shape
    return kept and node.name.endswith(GUARDED)


def fix_sizes(graph: Graph, infer: Infer) -> None:
    """Lets a file fail at another height or width, where its layers would load and compute something else.

    before: x[1, 8, 16, 16], fixed {2} -> Slice(axis 2, slice_point 15) -> y, rest
    after:  x[1, 8, 16, 16] -> Reshape[0, 0, 16, 0] -> Slice(axis 2, slice_point 15) -> y, rest

    What is right for one size only is stated where it is added, in Value.fixed. A network that fails anyway stays.
    Tried are inputs twice as long, and inputs that are longer and shorter by one position of each such value.
    """
    guards: dict[Value, Shape] = {}
    for axis in AXES.values():
        bound = {value.shape[along] for _, value, along in _bound(graph)}
        for scale in other_scales(graph, axis, bound):
            while (silent := _silent(graph, infer, axis, scale)) is not None:
                _insert(graph, guards, *silent)


def _bound(graph: Graph) -> Iterator[tuple[Node, Value, int]]:
    """The nodes that are right for one size only of an input, which is given, along an axis."""
    for node in graph.nodes:
        for value in node.inputs:
            yield from ((node, value, axis) for axis in sorted(value.fixed))


def _silent(graph: Graph, infer: Infer, axis: int, scale: float) -> tuple[Node, Value, int] | None:
    """The first node that computes something else if `axis` of the inputs is scaled, in a network that accepts it."""
    try:
        shapes: dict[Value, Shape] = shapes_with(graph, infer, axis, scale)
    except Misfit:
        return None
    return next((each for each in _bound(graph) if shapes[each[1]][each[2]] != each[1].shape[each[2]]), None)


def _insert(graph: Graph, guards: dict[Value, Shape], node: Node, value: Value, axis: int) -> None:
    """A Reshape of `value` to its own size along an axis, before the first node that reads it; one for all axes.

    guards: the dimensions of those that were inserted, by what they write.
    """
    known = guards.get(value, (0,) * len(value.shape))
    dims = tuple(size if i == axis else dim for i, (size, dim) in enumerate(zip(value.shape, known, strict=True)))
    if value in guards:
        graph.producers()[value].layer, guards[value] = Reshape(dims), dims
        return
    name = f"{value.name}{GUARDED}"
    fixed = Value(name, value.shape, fixed=value.fixed)
    value.fixed, guards[fixed] = frozenset(), dims
    for reader in graph.nodes:
        reader.inputs = [fixed if each is value else each for each in reader.inputs]
    guard = Node(name, Reshape(dims), [value], [fixed], (), node.module, node.line)
    graph.nodes.insert(graph.nodes.index(node), guard)
