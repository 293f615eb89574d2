"""torch.index_fill."""

from __future__ import annotations

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..shape.expand import expand_to
from .overwrite import overwrite_along, part_shape, writable


@from_torch("torch.index_fill", "torch.Tensor.index_fill")
def index_fill(net: Builder, input: Operand, dim: int, index: np.ndarray, value: Operand | float) -> Value:
    x = writable(net, "index_fill", input, index)
    dim %= len(x.shape)
    positions = np.unique(np.ravel(index) % x.shape[dim])
    shape = part_shape(x, dim, len(positions))
    source = expand_to(net, value, shape) if isinstance(value, Value) else np.full(shape, value, np.float32)
    return overwrite_along(net, x, dim, positions, source)
