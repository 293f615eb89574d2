"""torch.index_add."""

from __future__ import annotations

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..elementwise.arithmetic import arithmetic
from ..linear.linear_map import linear_map
from .overwrite import writable


@from_torch("torch.index_add", "torch.Tensor.index_add")
def index_add(net: Builder, input: Operand, dim: int, index: np.ndarray, source: Operand, *, alpha: float = 1) -> Value:
    """input + alpha * M source, where column i of M is 1 in row index[i] and 0 elsewhere."""
    x = writable(net, "index_add", input, index)
    positions = np.ravel(index).astype(int)
    matrix = np.zeros((x.shape[dim], len(positions)), np.float32)
    matrix[positions, np.arange(len(positions))] = alpha
    if isinstance(source, Value):
        return arithmetic(net, "add", x, linear_map(net, source, dim, matrix, name="placed"))
    return arithmetic(net, "add", x, np.moveaxis(np.tensordot(matrix, source, ([1], [dim])), 0, dim))
