"""Bounds of the numbers that a value can hold, whether they are integers, and whether a mask may hide inf or NaN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, isnan

import numpy as np

from ..errors import Refused
from .graph import Graph, Node, Value
from .registry import ANY, Bounds

LARGE = 1e38  # factors that turn a mask into inf
MOST_EXPONENT = 88.0  # e^88 is a float32, e^89 is not


class ValueBounds:
    """The bounds of every value of a graph that grows: each node is looked at once."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._declared: dict[Value, Bounds] = {}
        self._declared_integers: set[Value] = set()
        self._forget()

    def _forget(self) -> None:
        self._last: Node | None = None
        self._count = 0
        self._producers: dict[Value, Node] = {}
        self._known: dict[Value, Bounds] = dict(self._declared)
        self._integers: set[Value] = set(self._declared_integers)
        self._finite: set[Value] = set()  # values that cannot be inf or NaN where the network's inputs are finite

    def declare_integers(self, value: Value, bounds: Bounds = ANY) -> None:
        """States that `value` holds integers, and bounds that its layer does not know."""
        self._declared_integers.add(value)
        self._integers.add(value)
        if bounds != ANY:
            self._declared[value] = self._known[value] = bounds

    def of(self, value: Value) -> Bounds:
        """The least and the greatest number that `value` can hold, as far as is known."""
        self._update()
        return self._known.get(value, ANY)

    def are_integers(self, value: Value) -> bool:
        """Whether `value` is known to hold integers only."""
        self._update()
        return value in self._integers

    def refuse_hidden(self, value: Value) -> None:
        """Raises Refused if `value` may be inf or NaN: a mask multiplies by 0, and 0 * inf is NaN."""
        self._update()
        waiting = [value]
        seen: set[Value] = set()
        while waiting:
            node = self._producers.get(current := waiting.pop())
            if node is None or current in seen or current in self._finite:
                continue
            if not (node.layer.keeps_inf or node.layer.moves_data):
                continue
            seen.add(current)
            if not _finite(node, [self._known.get(each, ANY) for each in node.inputs]):
                what = f"a mask over what may be inf or NaN (of {node.layer.type.lower()} at {node.where})"
                raise Refused(what, "keep it finite before the mask: x.clamp(min=1e-6).log(), x.clamp(max=80).exp()")
            waiting += node.inputs
        self._finite |= seen

    def is_finite(self, value: Value) -> bool:
        """Whether `value` cannot be inf or NaN, as far as is known."""
        try:
            self.refuse_hidden(value)
        except Refused:
            return False
        return True

    def producer(self, value: Value) -> Node | None:
        """The node that computes `value`; None for an input of the network."""
        self._update()
        return self._producers.get(value)

    def gives_finite(self, node: Node, replaced: Mapping[int, float]) -> bool:
        """Whether a node gives finite numbers for finite ones, where the inputs `replaced` are these numbers."""
        given = [self.of(value) for value in node.inputs]
        return _finite(node, [(replaced[i], replaced[i]) if i in replaced else each for i, each in enumerate(given)])

    def _update(self) -> None:
        nodes = self._graph.nodes
        if self._count and (len(nodes) < self._count or nodes[self._count - 1] is not self._last):
            self._forget()
        for node in nodes[self._count :]:
            self._producers.update(dict.fromkeys(node.outputs, node))
            bounds = _bounds(node, [self._known.get(value, ANY) for value in node.inputs], self._producers)
            known = ANY if any(map(isnan, bounds)) else bounds
            self._known.update({value: self._declared.get(value, known) for value in node.outputs})
            if node.layer.gives_integers([value in self._integers for value in node.inputs], node.blobs):
                self._integers.update(node.outputs)
        self._count = len(nodes)
        self._last = nodes[-1] if nodes else None


def _finite(node: Node, inputs: Sequence[Bounds]) -> bool:
    if node.blobs and not max(float(np.max(np.abs(blob))) for blob in node.blobs) < LARGE:
        return False
    return not inputs or node.layer.finite(inputs)


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


def affine(bounds: Bounds, scale: float, shift: float) -> Bounds:
    """The bounds of scale * x + shift."""
    if not scale:
        return shift, shift
    low, high = sorted((bounds[0] * scale, bounds[1] * scale))
    return low + shift, high + shift


def product(inputs: Sequence[Bounds]) -> Bounds:
    """The bounds of a product."""
    low, high = inputs[0]
    for other in inputs[1:]:
        corners = [a * b if a and b else 0.0 for a in (low, high) for b in other]
        low, high = min(corners), max(corners)
    return low, high


def weighted_sums(bounds: Bounds, weights: np.ndarray) -> Bounds:
    """The bounds of weights [out, in] times numbers within `bounds`."""
    if bounds == ANY:
        return ANY
    positive = np.maximum(weights, 0.0).sum(-1, dtype=np.float64)
    negative = np.minimum(weights, 0.0).sum(-1, dtype=np.float64)
    sides = [_times(a, positive) + _times(b, negative) for a, b in (bounds, bounds[::-1])]
    return float(np.min(sides[0])), float(np.max(sides[1]))


def _times(bound: float, sums: np.ndarray) -> np.ndarray:
    return np.multiply(bound, sums, out=np.zeros_like(sums), where=sums != 0)


def are_integers(*arrays: np.ndarray | float) -> bool:
    """Whether all numbers are integers."""
    return all(bool(np.all(np.isfinite(array) & (np.trunc(array) == array))) for array in arrays)
