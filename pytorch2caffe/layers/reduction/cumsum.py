"""torch.cumsum."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from ..linear.linear_map import linear_map


@from_torch("torch.cumsum", "torch.Tensor.cumsum")
def cumsum(net: Builder, input: Value, dim: int, *, dtype: Any = None) -> Value:
    return linear_map(net, input, dim, np.tri(input.shape[dim], dtype=np.float32)) if input.shape else input
