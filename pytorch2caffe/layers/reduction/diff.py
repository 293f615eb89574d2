"""torch.diff."""

from __future__ import annotations

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..linear.linear_map import linear_map
from ..shape.concat import Concat


@from_torch("torch.diff", "torch.Tensor.diff")
def diff(
    net: Builder,
    input: Value,
    n: int = 1,
    dim: int = -1,
    prepend: Operand | None = None,
    append: Operand | None = None,
) -> Value:
    """Each number minus the one before it, n times."""
    parts = [part for part in (prepend, input, append) if part is not None]
    if len(parts) > 1:
        values = [part if isinstance(part, Value) else net.constant(part) for part in parts]
        input = net.add(Concat(dim % len(values[0].shape)), *values, name="joined")
    size = input.shape[dim]
    return linear_map(net, input, dim, np.diff(np.eye(size, dtype=np.float32), n, axis=0)) if n else input
