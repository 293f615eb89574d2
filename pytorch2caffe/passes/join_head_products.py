"""Products of heads that are moved before and after."""

from __future__ import annotations

from ..graph.graph import Graph, Names, Node, Value
from ..layers.linear.head_products import HeadProducts, HeadSums
from ..layers.linear.matmul import MatMul
from ..layers.shape.permute import Permute
from .drop_unused import drop_unused
from .patterns import written_once

HEADS_FIRST, TRANSPOSED = (0, 2, 1, 3), (0, 2, 3, 1)  # of tokens [N, L, H, D]


def join_head_products(graph: Graph) -> None:
    """Joins the products of heads with the Permutes of these, where the tokens can stay in rows: linear attention.

    before: (k[2, 5, 3, 4] -> Permute(0, 2, 3, 1), v[2, 5, 3, 6] -> Permute(0, 2, 1, 3)) -> MatMul -> kv[2, 3, 4, 6]
            (q[2, 7, 3, 6] -> Permute(0, 2, 1, 3), m[2, 3, 6, 4]) -> MatMul -> y[2, 3, 7, 4]
    after:  (k, v) -> HeadSums -> kv
            (q, m) -> HeadProducts -> [2, 7, 3, 4] -> Permute(0, 2, 1, 3) -> y

    For targets without MatMul. The last Permute mostly undoes one that follows: merge_views drops both. Not joined: a
    product wider than the query, as the scores of attention are: moving it would cost more than moving the query.
    """
    producers = written_once(graph)
    names = graph.names()
    nodes: list[Node] = []
    for node in graph.nodes:
        nodes += _joined(node, producers, names) if isinstance(node.layer, MatMul) else [node]
    graph.nodes[:] = nodes
    drop_unused(graph)


def _joined(node: Node, producers: dict[Value, Node], names: Names) -> list[Node]:
    """What a product becomes: itself where its factors are not heads."""
    left, right = node.inputs
    (tokens, order), (others, other_order) = _moved(left, producers), _moved(right, producers)
    if order == TRANSPOSED and other_order == HEADS_FIRST:
        return [Node(node.name, HeadSums(), [tokens, others], node.outputs, (), node.module, node.line)]
    if order != HEADS_FIRST or right.shape[3] > left.shape[3]:
        return [node]
    n, heads, rows, width = node.outputs[0].shape
    name = names.unique(f"{node.name}.heads")
    product = Value(name, (n, rows, heads, width))
    return [
        Node(name, HeadProducts(), [tokens, right], [product], (), node.module, node.line),
        Node(node.name, Permute(HEADS_FIRST), [product], node.outputs, (), node.module, node.line),
    ]


def _moved(value: Value, producers: dict[Value, Node]) -> tuple[Value, tuple[int, ...]]:
    """What a value is a permutation of, and the axis of that for each of its own."""
    order = tuple(range(len(value.shape)))
    while (node := producers.get(value)) is not None and isinstance(node.layer, Permute):
        order, value = tuple(node.layer.order[axis] for axis in order), node.inputs[0]
    return value, order
