"""Layers that compute the same numbers for every input."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

import numpy as np

from ..graph.graph import Graph, Node, Value
from ..layers.basic.parameter import Constant
from .drop_unused import drop_unused

Compute = Callable[[Node, "list[np.ndarray]"], "list[np.ndarray]"]


def fold_constants(graph: Graph, compute: Compute) -> None:
    """Replaces a layer of which all inputs are constants by what it computes.

    before: Constant -> Embed -> Power -> y, (y, x) -> Concat
    after:  Constant -> y, (y, x) -> Concat

    As for the first token of a decoder, which is read from a tensor that later steps write into. The numbers are those
    of the same layers in float32. Not folded: what writes an output of the network, what has several outputs, and what
    gives more numbers than it reads, its weights counted: the files would be larger.
    compute: what a node gives for arrays of its inputs.
    """
    outputs = set(graph.outputs.values())
    known: dict[Value, np.ndarray] = {}
    for index, node in enumerate(graph.nodes):
        if isinstance(node.layer, Constant):
            known[node.outputs[0]] = node.blobs[0]
        elif len(node.outputs) == 1 and node.outputs[0] not in outputs and _is_constant(node, known):
            (value,), (result,) = node.outputs, compute(node, [known[value] for value in node.inputs])
            known[value] = result
            graph.nodes[index] = Node(node.name, Constant(value.shape), [], [value], (result,), node.module, node.line)
    drop_unused(graph)


def _is_constant(node: Node, known: Mapping[Value, np.ndarray]) -> bool:
    if not node.inputs or not all(value in known for value in node.inputs):
        return False
    numbers = sum(known[value].size for value in node.inputs) + sum(blob.size for blob in node.blobs)
    return prod(node.outputs[0].shape) <= numbers
