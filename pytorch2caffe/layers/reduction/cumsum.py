"""torch.cumsum."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import constant_input, from_onnx
from ...graph.registry import from_torch
from ..linear.linear_map import linear_map


@from_torch("torch.cumsum", "torch.Tensor.cumsum")
def cumsum(net: Builder, input: Value, dim: int, *, dtype: Any = None) -> Value:
    return linear_map(net, input, dim, np.tri(input.shape[dim], dtype=np.float32)) if input.shape else input


@from_onnx("CumSum")
def onnx_cum_sum(net: Builder, x: Value, axis: np.ndarray, *, exclusive: int = 0, reverse: int = 0) -> Value:
    dim = int(constant_input(axis, "the axis of CumSum").reshape(()))
    matrix = np.tri(x.shape[dim], k=-1 if exclusive else 0, dtype=np.float32)
    return linear_map(net, x, dim, np.ascontiguousarray(matrix.T) if reverse else matrix)
