"""Powers in a row."""

from __future__ import annotations

import math
from dataclasses import replace

from ..graph.graph import Graph, Node
from ..graph.registry import Layer
from ..layers.elementwise.power import Power
from .pairs import pairs


def merge_powers(graph: Graph) -> None:
    """Makes one Power of two where the result stays the same, bit by bit: one of the factors that are joined is +-2^n.

    before: x -> Power(scale -1) -> Power(scale 3, shift 1) -> y
    after:  x -> Power(scale -3, shift 1) -> y
    """
    merged: set[Node] = set()
    for first, second in pairs(graph):
        layer = _product(first.layer, second.layer)
        if layer is not None:
            second.layer, second.inputs = layer, first.inputs
            merged.add(first)
    graph.nodes[:] = [node for node in graph.nodes if node not in merged]


def _product(a: Layer, b: Layer) -> Power | None:
    """The Power that computes exactly what `b` computes of what `a` does, if there is one."""
    if not isinstance(a, Power) or not isinstance(b, Power) or a.power != 1 or a.scale * b.scale * b.power == 0:
        return None
    if a.shift == 0 and (_power_of_two(a.scale) or _power_of_two(b.scale)):
        return replace(b, scale=a.scale * b.scale)
    if b.shift == 0 and _power_of_two(b.scale):
        return replace(b, scale=a.scale * b.scale, shift=a.shift * b.scale)
    return None


def _power_of_two(number: float) -> bool:
    return abs(math.frexp(number)[0]) == 0.5 and 2**-24 <= abs(number) <= 2**24
