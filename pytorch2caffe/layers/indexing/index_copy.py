"""torch.index_copy."""

from __future__ import annotations

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from .overwrite import overwrite_along, writable


@from_torch("torch.index_copy", "torch.Tensor.index_copy")
def index_copy(net: Builder, input: Operand, dim: int, index: np.ndarray, source: Operand) -> Value:
    return overwrite_along(net, writable(net, "index_copy", input, index), dim, index, source)
