"""Bounds of the numbers that a value can hold, and whether a mask may hide inf or NaN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, isnan, prod
from typing import TYPE_CHECKING

import numpy as np

from ..errors import Refused
from .graph import Graph, Node, Value
from .registry import ANY, Bounds

if TYPE_CHECKING:
    from .builder import Builder

LARGE = 1e38  # factors that turn a mask into inf
MOST_EXPONENT = 88.0  # e^88 is a float32, e^89 is not


def refuse_hidden(net: Builder, value: Value) -> None:
    """Raises Refused if `value` may be inf or NaN: a mask multiplies by 0, and 0 * inf is NaN."""
    producers = net.graph.producers()
    bounds = bounds_of(net.graph)
    waiting: list[Value] = [value]
    seen: set[Value] = set()
    while waiting:
        node = producers.get(current := waiting.pop())
        if node is None or current in seen or not (node.layer.keeps_inf or node.layer.moves_data):
            continue
        seen.add(current)
        if not _finite(node, [bounds.get(each, ANY) for each in node.inputs]):
            what = f"a mask over what may be inf or NaN (of {node.layer.type.lower()} at {node.where})"
            raise Refused(what, "keep it finite before the mask: x.clamp(min=1e-6).log(), x.clamp(max=80).exp()")
        waiting += node.inputs


def _finite(node: Node, inputs: Sequence[Bounds]) -> bool:
    if node.blobs and not max(float(np.max(np.abs(blob))) for blob in node.blobs) < LARGE:
        return False
    return not inputs or node.layer.finite(inputs)


def bounds_of(graph: Graph) -> dict[Value, Bounds]:
    """The least and the greatest number that each value can hold, as far as the layers that compute it tell."""
    producers = graph.producers()
    known: dict[Value, Bounds] = {}
    for node in graph.nodes:
        found = _bounds(node, [known.get(value, ANY) for value in node.inputs], producers)
        known.update(dict.fromkeys(node.outputs, ANY if any(map(isnan, found)) else found))
    return known


def _bounds(node: Node, inputs: Sequence[Bounds], producers: Mapping[Value, Node]) -> Bounds:
    if _less_maximum(node, producers):
        return -inf, 0.0
    return node.layer.bounds(inputs, [value.shape for value in node.inputs], node.blobs)


def _less_maximum(node: Node, producers: Mapping[Value, Node]) -> bool:
    """x - max(x), as in a softmax that is written out."""
    if getattr(node.layer, "operation", "") != "sub" or len(node.inputs) != 2:
        return False
    second = producers.get(node.inputs[1])
    maximum = second is not None and getattr(second.layer, "operation", "") == "max" and len(second.inputs) == 1
    return maximum and second is not None and second.inputs[0] is node.inputs[0]


def hull(inputs: Sequence[Bounds]) -> Bounds:
    """The bounds of numbers that are each in one of some bounds."""
    return min(low for low, _ in inputs), max(high for _, high in inputs)


def affine(bounds: Bounds, scale: float, shift: float) -> Bounds:
    """The bounds of scale * x + shift."""
    if not scale:
        return shift, shift
    low, high = sorted((bounds[0] * scale, bounds[1] * scale))
    return low + shift, high + shift


def product(inputs: Sequence[Bounds]) -> Bounds:
    """The bounds of a product."""
    if any(low < 0 for low, _ in inputs):
        return ANY
    high = inf if any(high == inf for _, high in inputs) else prod(high for _, high in inputs)
    return prod(low for low, _ in inputs), high
