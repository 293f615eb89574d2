"""Random inputs, to prove that two forms of a network give the same numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..graph.graph import Graph, Node, Value
from ..layers.indexing.embed import Embed


def random_inputs(graph: Graph, seed: int = 0, reach: Mapping[Value, float] | None = None) -> dict[str, np.ndarray]:
    """An array for each input of a graph, by its name: whole numbers where they choose rows, else normal ones, float32.

    reach: the largest magnitude that is usual, by input; 3 unless given.

    >>> from pytorch2caffe.graph.graph import Value
    >>> random_inputs(Graph(inputs=[Value("x", (2,))]))
    {'x': array([ 0.12573022, -0.13210486], dtype=float32)}
    """
    random, rows, reach = np.random.default_rng(seed), _rows(graph), reach or {}

    def numbers(value: Value) -> np.ndarray:
        if value in rows:
            return random.integers(0, rows[value], value.shape)
        return random.standard_normal(value.shape) * reach.get(value, 3.0) / 3

    return {value.name: numbers(value).astype(np.float32) for value in graph.inputs}


def _rows(graph: Graph) -> dict[Value, int]:
    """Of each value that chooses rows of something, how many there are; 1, so 0 only, where that is computed of it."""
    found: dict[Value, int] = {}
    for node in reversed(graph.nodes):
        for value, rows in _chosen(node, found):
            found[value] = min(rows, found.get(value, rows))
    return found


def _chosen(node: Node, found: Mapping[Value, int]) -> list[tuple[Value, int]]:
    if isinstance(node.layer, Embed):
        return [(node.inputs[0], node.layer.input_dim)]
    if node.layer.type == "BatchReindex":
        return [(node.inputs[1], node.inputs[0].shape[0])]
    rows = [found[value] for value in node.outputs if value in found]
    if not rows:
        return []
    return [(value, min(rows) if node.layer.moves_data else 1) for value in node.inputs]
