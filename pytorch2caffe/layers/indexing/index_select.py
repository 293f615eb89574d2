"""torch.index_select."""

from __future__ import annotations

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..linear.linear_map import select_indices


@from_torch("torch.index_select", "torch.Tensor.index_select")
def index_select(net: Builder, input: Operand, dim: int, index: Operand) -> Value:
    if isinstance(index, Value) or not isinstance(input, Value):
        raise Refused("index_select with an index that depends on the input", "use a constant index")
    return select_indices(net, input, dim, np.ravel(index))
