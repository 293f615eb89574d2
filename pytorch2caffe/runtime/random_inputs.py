"""Random inputs, for checking that two forms of a network compute the same numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..graph.graph import Graph, Node, Value
from ..layers.indexing.batch_reindex import BatchReindex
from ..layers.indexing.embed import Embed

USUAL_MAX_ABS = 3.0


def random_inputs(graph: Graph, seed: int = 0, max_abs: Mapping[Value, float] | None = None) -> dict[str, np.ndarray]:
    """A random float32 array for each input of a graph, by its name.

    Inputs that are used as indices get valid indices; all others are normal, with a standard deviation of a third of
    `max_abs`.

    max_abs: the usual largest magnitude, by input; 3 unless given.

    >>> from pytorch2caffe.graph.graph import Value
    >>> random_inputs(Graph(inputs=[Value("x", (2,))]))
    {'x': array([ 0.12573022, -0.13210486], dtype=float32)}
    """
    random, row_counts, scales = np.random.default_rng(seed), _row_counts(graph), max_abs or {}

    def random_array(value: Value) -> np.ndarray:
        if value in row_counts:
            return random.integers(0, row_counts[value], value.shape)
        return random.standard_normal(value.shape) * scales.get(value, USUAL_MAX_ABS) / USUAL_MAX_ABS

    return {value.name: random_array(value).astype(np.float32) for value in graph.inputs}


def _row_counts(graph: Graph) -> dict[Value, int]:
    """For each value that is used as an index, the number of rows that it selects from.

    The number is 1, so that the index is 0, where the index is computed from the value, not only moved.
    """
    row_counts: dict[Value, int] = {}
    for node in reversed(graph.nodes):
        for value, rows in _indexed_rows(node, row_counts):
            row_counts[value] = min(rows, row_counts.get(value, rows))
    return row_counts


def _indexed_rows(node: Node, row_counts: Mapping[Value, int]) -> list[tuple[Value, int]]:
    if isinstance(node.layer, Embed):
        return [(node.inputs[0], node.layer.input_dim)]
    if isinstance(node.layer, BatchReindex):
        return [(node.inputs[1], node.inputs[0].shape[0])]
    rows = [row_counts[value] for value in node.outputs if value in row_counts]
    if not rows:
        return []
    return [(value, min(rows) if node.layer.moves_data else 1) for value in node.inputs]
