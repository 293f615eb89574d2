"""torch.unflatten."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from .reshape import reshape_to


@from_torch("torch.unflatten", "torch.Tensor.unflatten")
def unflatten(net: Builder, input: Value, dim: int, sizes: Sequence[int]) -> Value:
    dim %= len(input.shape)
    dims = list(sizes)
    if -1 in dims:
        dims[dims.index(-1)] = input.shape[dim] // -math.prod(dims)
    return reshape_to(net, input, (*input.shape[:dim], *dims, *input.shape[dim + 1 :]))
