"""torch.roll."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from ..indexing.index_select import select_indices
from ..shape.reshape import reshape_to


@from_torch("torch.roll", "torch.Tensor.roll")
def roll(net: Builder, input: Value, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Value:
    steps = [shifts] if isinstance(shifts, int) else list(shifts)
    if dims is None or dims == ():
        flat = reshape_to(net, input, (prod(input.shape),), "flat")
        return reshape_to(net, roll(net, flat, steps, (0,)), input.shape)
    x = input
    for shift, dim in zip(steps, [dims] if isinstance(dims, int) else dims, strict=True):
        x = select_indices(net, x, dim, np.roll(np.arange(x.shape[dim]), shift), any_size=-x.shape[dim] < shift < 0)
    return x
