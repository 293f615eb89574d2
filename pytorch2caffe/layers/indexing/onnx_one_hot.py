"""ONNX's OneHot: a row of a table for each index."""

from __future__ import annotations

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import from_onnx
from ..shape.permute import permute_to
from .embedding import embedding

MOST_CLASSES = 1 << 12


@from_onnx("OneHot")
def onnx_one_hot(net: Builder, indices: Value, depth: np.ndarray, values: np.ndarray, *, axis: int = -1) -> Value:
    """A row of a table for each index."""
    size = int(depth.reshape(()))
    if not 0 < size <= MOST_CLASSES:
        raise Refused(f"OneHot of {size} classes", f"use at most {MOST_CLASSES}")
    off, on = (float(v) for v in values.reshape(-1))
    if not net.bounds.of(indices)[0] >= 0:
        raise Refused("OneHot of indices that may be negative", "use indices of at least 0")
    rows = embedding(net, indices, np.where(np.eye(size, dtype=bool), on, off).astype(np.float32))
    rank = len(rows.shape)
    order = list(range(rank - 1))
    order.insert(axis % rank, rank - 1)
    y: Value = permute_to(net, rows, order)
    return y
