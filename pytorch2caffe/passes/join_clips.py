"""Bounds that are expressed in Power and Eltwise, which is all that Caffe has for them."""

from __future__ import annotations

from dataclasses import replace

from ..graph.graph import Graph, Node, Value
from ..layers.activation.clip import HUGE, Clip
from ..layers.activation.relu import ReLU
from ..layers.elementwise.eltwise import Eltwise
from ..layers.elementwise.power import Power
from .drop_unused import drop_unused


def join_clips(graph: Graph) -> None:
    """Joins the layers that express a bound into one ReLU or Clip, where not a bit of the result changes.

    before: x -> ReLU -> a; a -> Power(-a) -> b; a -> Power(0 * a - 6) -> c; max(b, c) -> d -> Power(-d) -> y
    after:  x -> Clip(0, 6) -> y

    The last Power may have another scale, negative or not, and a shift: then it stays after the Clip.
    """
    producers, consumers = graph.producers(), graph.consumers()
    for node in graph.nodes:
        _bound_below(node, producers)
        _bound_above(node, producers, consumers)
        _bound_both(node, producers, consumers)
    drop_unused(graph)


def _constant(value: Value, producers: dict[Value, Node]) -> float | None:
    """The number that all elements of a value are, for any input, or None."""
    layer = producers[value].layer if value in producers else None
    return layer.constant if isinstance(layer, Power) else None


def _bound_below(node: Node, producers: dict[Value, Node]) -> None:
    """max(x, c) is Clip(c, HUGE)."""
    layer = node.layer
    if not isinstance(layer, Eltwise) or layer.operation != "MAX" or len(node.inputs) != 2:
        return
    for x, other in (node.inputs, node.inputs[::-1]):
        bound = _constant(other, producers)
        if bound is not None and _constant(x, producers) is None:
            node.layer, node.inputs = Clip(bound, HUGE), [x]
            return


def _bound_above(node: Node, producers: dict[Value, Node], consumers: dict[Value, list[Node]]) -> None:
    """s * Clip(-c, HUGE)(-x) + t is -s * Clip(-HUGE, c)(x) + t; with s = -1 and t = 0 that is the Clip alone."""
    minus = Power(scale=-1.0)
    last = node.layer
    if not isinstance(last, Power) or last.power != 1 or last.scale == 0:
        return
    clip = producers.get(node.inputs[0])
    if clip is None or not isinstance(clip.layer, Clip) or clip.layer.max < HUGE:
        return
    first = producers.get(clip.inputs[0])
    if first is None or first.layer != minus:
        return
    above = Clip(-HUGE, -clip.layer.min)
    if last == minus:
        node.layer, node.inputs = above, first.inputs
    elif consumers[clip.outputs[0]] == [node]:
        clip.layer, clip.inputs = above, first.inputs
        node.layer = replace(last, scale=-last.scale)
        _bound_both(clip, producers, consumers)


def _bound_both(node: Node, producers: dict[Value, Node], consumers: dict[Value, list[Node]]) -> None:
    """Clip(-HUGE, b) of ReLU or Clip(a, HUGE), which nothing else reads, is Clip(a, b)."""
    if not isinstance(node.layer, Clip) or node.layer.min > -HUGE:
        return
    first = producers.get(node.inputs[0])
    low = 0.0 if first and first.layer == ReLU() else None
    if first and isinstance(first.layer, Clip) and first.layer.max >= HUGE:
        low = first.layer.min
    if first and low is not None and low < node.layer.max and _only_for(node, consumers):
        node.layer, node.inputs = Clip(low, node.layer.max), first.inputs


def _only_for(node: Node, consumers: dict[Value, list[Node]]) -> bool:
    """Whether that bound alone reads the value that it reads; the layers that it replaces do not count."""
    (x,) = node.inputs
    return all(isinstance(reader.layer, (Power, Clip)) for reader in consumers.get(x, []))
