"""torch.take_along_dim."""

from __future__ import annotations

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from .gather import gather


@from_torch("torch.take_along_dim", "torch.Tensor.take_along_dim")
def take_along_dim(net: Builder, input: Operand, indices: Operand, dim: int | None = None) -> Value:
    if dim is None or isinstance(indices, Value):
        raise Refused("take_along_dim of a flat tensor, or by values", "use torch.index_select")
    shape = [d if i == dim % len(input.shape) else max(d, input.shape[i]) for i, d in enumerate(indices.shape)]
    return gather(net, input, dim, np.broadcast_to(indices, shape))
