"""Weights that a module uses several times."""

from __future__ import annotations

from collections.abc import Hashable
from hashlib import blake2b

import numpy as np

from ..graph.graph import Graph, Node


def share_weights(graph: Graph) -> None:
    """Gives equal layers of one module the same arrays as weights, so that a backend can write them once.

    before: lstm -> Slice, InnerProduct(w), ..., InnerProduct(copy of w)
    after:  lstm -> Slice, InnerProduct(w), ..., InnerProduct(w)

    Lowering a call computes new arrays each time, from the same weights. Only layers that have all their weights in
    common share them: equal biases alone, all of them zero, are no sign of one module that is called twice. Layers of
    different modules, and those of a file, which names no modules, keep arrays of their own.
    """
    candidates: dict[Hashable, list[Node]] = {}
    for node in graph.nodes:
        if node.module and node.blobs:
            shapes = tuple(blob.shape for blob in node.blobs)
            module = graph.aliases.get(node.module, node.module)
            candidates.setdefault((module, node.layer.type, shapes), []).append(node)
    for nodes in candidates.values():
        if len(nodes) > 1:
            _share(nodes)


def _share(nodes: list[Node]) -> None:
    """Gives each node the arrays of the first whose weights are equal, bit by bit."""
    first: dict[tuple[bytes, ...], tuple[np.ndarray, ...]] = {}
    for node in nodes:
        digests = tuple(blake2b(np.ascontiguousarray(blob).data).digest() for blob in node.blobs)
        node.blobs = first.setdefault(digests, node.blobs)
