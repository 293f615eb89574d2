"""Arithmetic that Caffe spells out because it has no layer for it, read back as what it is."""

from __future__ import annotations

from dataclasses import replace

from ...graph.graph import Graph, Node, Value
from ...graph.registry import Source
from ...layers.activation.clip import HUGE, Clip
from ...layers.activation.relu import ReLU
from ...layers.elementwise.eltwise import Eltwise
from ...layers.elementwise.power import Power
from ...passes.basic import drop_unused

OVERWRITING = ("nn.ReLU(", "nn.ReLU6(", "nn.LeakyReLU(")


def join_clips(graph: Graph) -> None:
    """
    before: x -> ReLU -> a; a -> Power(-a) -> b; a -> Power(0 * a - 6) -> c; max(b, c) -> d -> Power(-d) -> y
    after:  x -> Clip(0, 6) -> y

    Not a bit of the result changes: nothing of it rounds.
    """
    producers, consumers = graph.producers(), graph.consumers()
    for node in graph.nodes:
        _bound_below(node, producers)
        _bound_above(node, producers)
        _bound_both(node, producers, consumers)
    drop_unused(graph)


def _constant(value: Value, producers: dict[Value, Node]) -> float | None:
    """The number that a value is everywhere, whatever the input."""
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


def _bound_above(node: Node, producers: dict[Value, Node]) -> None:
    """-Clip(-c, HUGE)(-x) is Clip(-HUGE, c)(x)."""
    minus = Power(scale=-1.0)
    clip = producers.get(node.inputs[0]) if node.layer == minus else None
    if clip is None or not isinstance(clip.layer, Clip) or clip.layer.max < HUGE:
        return
    first = producers.get(clip.inputs[0])
    if first is not None and first.layer == minus:
        node.layer, node.inputs = Clip(-HUGE, -clip.layer.min), first.inputs


def _bound_both(node: Node, producers: dict[Value, Node], consumers: dict[Value, list[Node]]) -> None:
    """Clip(-HUGE, b) behind ReLU or Clip(a, HUGE), nobody else reading what is between."""
    if not isinstance(node.layer, Clip) or node.layer.min > -HUGE:
        return
    first = producers.get(node.inputs[0])
    low = 0.0 if first and first.layer == ReLU() else None
    if first and isinstance(first.layer, Clip) and first.layer.max >= HUGE:
        low = first.layer.min
    if first and low is not None and low < node.layer.max and _only_for(node, consumers):
        node.layer, node.inputs = Clip(low, node.layer.max), first.inputs


def _only_for(node: Node, consumers: dict[Value, list[Node]]) -> bool:
    """Whether the value that a bound reads is read by that bound alone: what it spelled out does not count."""
    (x,) = node.inputs
    return all(isinstance(reader.layer, (Power, Clip)) for reader in consumers.get(x, []))


def in_place(graph: Graph, sources: list[tuple[Node, Source]]) -> list[tuple[Node, Source]]:
    """
    before: x = self.conv(x), x = self.relu(x), with nn.ReLU()
    after:  the same with nn.ReLU(inplace=True), where nobody else reads what the convolution gave
    """
    producers, consumers, outputs = graph.producers(), graph.consumers(), set(graph.outputs.values())
    found = []
    for node, source in sources:
        first = producers.get(node.inputs[0]) if len(node.inputs) == 1 else None
        if (
            source.module.startswith(OVERWRITING)
            and first is not None
            and first.layer.may_be_overwritten(len(first.inputs))
            and len(consumers[node.inputs[0]]) == 1
            and node.inputs[0] not in outputs
        ):
            start = source.module.removesuffix(")")
            source = replace(source, module=f"{start}{'' if start.endswith('(') else ', '}inplace=True)")
        found.append((node, source))
    return found
