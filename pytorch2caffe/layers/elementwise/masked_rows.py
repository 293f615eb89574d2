"""Rows of a Softmax that a mask of -inf may leave empty: there it gives NaN."""

from __future__ import annotations

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Node, Value
from ..activation.softmax import Softmax


def is_finite(net: Builder, x: Value) -> bool:
    """Whether x cannot be inf or NaN, as far as is known; of a Softmax, whether no row of it may be empty."""
    producer = net.bounds.producer(x)
    if producer is not None and isinstance(producer.layer, Softmax):
        return _has_no_empty_row(net, producer)
    return net.bounds.is_finite(x)


def _has_no_empty_row(net: Builder, softmax: Node) -> bool:
    """Whether each row that a Softmax reads has a finite number: at most a constant adds -inf, to some of the row."""
    (scores,) = softmax.inputs
    if net.bounds.is_finite(scores):
        return True
    node = net.bounds.producer(scores)
    assert node is not None
    constants = [each for value in node.inputs if (each := _constant(net, value)) is not None] or list(node.blobs)
    varying = [value for value in node.inputs if _constant(net, value) is None]
    if len(constants) != 1 or not all(map(net.bounds.is_finite, varying)):
        return False
    last = len(scores.shape) - 1
    along = constants[0].shape[-1:] == scores.shape[-1:] and softmax.layer == Softmax(last)
    return along and bool(np.isfinite(constants[0].max(-1)).all())


def _constant(net: Builder, value: Value) -> np.ndarray | None:
    producer = net.bounds.producer(value)
    return producer.blobs[0] if producer is not None and not producer.inputs else None
