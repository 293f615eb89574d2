"""Two factors of a matrix product, which attention multiplies both operands with."""

from __future__ import annotations

from ..graph.graph import Graph
from ..layers.elementwise.power import Power
from ..layers.linear.matmul import MatMul
from .drop_unused import drop_unused
from .patterns import written_once


def join_scales(graph: Graph) -> None:
    """Multiplies the first operand of a MatMul by the factors of both.

    before: q -> Power(a q) -> r; k -> Power(b k) -> l; r l -> MatMul -> y
    after:  q -> Power(a b q) -> r; r k -> MatMul -> y
    """
    producers, consumers = written_once(graph), graph.consumers()
    for node in graph.nodes:
        if not isinstance(node.layer, MatMul):
            continue
        makers = [producers.get(value) for value in node.inputs]
        layers = [maker.layer if maker is not None else None for maker in makers]
        first, second = makers
        if first is None or second is None or first is second or len(consumers[node.inputs[0]]) > 1:
            continue
        one, other = layers
        if isinstance(one, Power) and isinstance(other, Power):
            pure = all((p.power, p.shift) == (1, 0) for p in (one, other))
            if pure and node.inputs[0] not in graph.outputs.values():
                first.layer = Power(scale=one.scale * other.scale)
                node.inputs[1] = second.inputs[0]
    drop_unused(graph)
