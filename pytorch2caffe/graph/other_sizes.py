"""Whether a network accepts another batch, height or width than it was written for."""

from __future__ import annotations

from collections.abc import Collection
from math import ceil

from ..errors import Refused
from .graph import Graph, Infer, Node, Shape, Value

AXES = {"batch": 0, "height": 2, "width": 3}


class Misfit(Refused):  # noqa: N818 - a kind of Refused
    """A layer that does not accept another size. node: the layer."""

    def __init__(self, node: Node, error: Refused) -> None:
        super().__init__(error.what, error.fix)
        self.node = node


def shapes_with(graph: Graph, infer: Infer, axis: int, scale: float = 2.0) -> dict[Value, Shape]:
    """The shapes of all values if `axis` of the inputs [N, C, H, W] is `scale` times as long; axis 0 of all inputs.

    Raises Misfit with the first layer that does not accept it.
    """
    shapes: dict[Value, Shape] = {}
    for value in graph.inputs:
        scaled = tuple(round(scale * size) if at == axis else size for at, size in enumerate(value.shape))
        shapes[value] = scaled if len(value.shape) == 4 or axis == 0 else value.shape
    for node in graph.nodes:
        try:
            outputs = infer(node.layer, [shapes[value] for value in node.inputs], node.blobs)
        except Refused as error:
            raise Misfit(node, error) from error
        shapes.update(zip(node.outputs, map(tuple, outputs), strict=False))
    return shapes


def other_scales(graph: Graph, axis: int, sizes: Collection[int]) -> list[float]:
    """Factors of `axis` of the inputs to try, for values with these sizes along an axis; none for no values.

    They are 2, and those that make each such value shorter and longer by about one position.
    """
    longest = max((value.shape[axis] for value in graph.inputs if len(value.shape) == 4), default=0)
    if not sizes or not longest or axis == 0:
        return [2.0] if sizes else []
    steps = sorted({ceil(longest / size) for size in sizes if size <= longest})
    return [2.0, *(1 + sign * step / longest for step in steps for sign in (-1, 1) if sign * step > -longest)]


def fixed_by(graph: Graph, infer: Infer) -> dict[str, Node]:
    """The first layer that fixes each of the batch, the height and the width of the inputs; {} if none is fixed."""
    found = {}
    for name, axis in AXES.items():
        try:
            shapes_with(graph, infer, axis)
        except Misfit as error:
            found[name] = error.node
    return found


def freedom(graph: Graph, infer: Infer) -> str:
    """In one line, what of the inputs' sizes may be changed in the file, and what fixes the rest."""
    fixed = fixed_by(graph, infer)
    free = [name for name in AXES if name not in fixed]
    changes = f"{_listed(free)} may be changed" if free else "fixed sizes"
    by: dict[str, list[str]] = {}
    for name, node in fixed.items():
        by.setdefault(f"{node.name} ({node.layer.type})", []).append(name)
    reasons = [f"{_listed(names)} {'is' if len(names) == 1 else 'are'} fixed by {node}" for node, names in by.items()]
    return "; ".join([changes, *reasons])


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
