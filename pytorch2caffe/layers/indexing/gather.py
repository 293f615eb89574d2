"""torch.gather."""

from __future__ import annotations

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..indexing.strided_slice import select
from ..shape.reshape import reshape_to
from .index_select import select_indices


@from_torch("torch.gather", "torch.Tensor.gather")
def gather(net: Builder, input: Operand, dim: int, index: Operand, *, sparse_grad: bool = False) -> Value:
    """As index_select, for an index that is the same at every position of the other axes."""
    if isinstance(index, Value) or not isinstance(input, Value):
        raise Refused("gather with an index that depends on the input", "use a constant index")
    if not input.shape:
        return reshape_to(net, input, index.shape)
    dim %= len(input.shape)
    rows = np.moveaxis(index, dim, -1).reshape(-1, index.shape[dim])
    if (rows != rows[0]).any():
        raise Refused("gather with an index that differs along the other axes", "use torch.index_select")
    whole = [(0, size, 1) for size in (*index.shape[:dim], input.shape[dim], *index.shape[dim + 1 :])]
    return select_indices(net, select(net, input, whole), dim, rows[0])
