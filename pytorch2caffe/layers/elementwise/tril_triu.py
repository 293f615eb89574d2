"""The lower and the upper triangle of matrices."""

from __future__ import annotations

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import from_onnx
from ...graph.registry import from_torch
from .where import times_mask


@from_torch("torch.tril", "torch.Tensor.tril")
def tril(net: Builder, input: Value, diagonal: int = 0) -> Value:
    return times_mask(net, input, np.tri(input.shape[-2], input.shape[-1], diagonal, dtype=np.float32))


@from_torch("torch.triu", "torch.Tensor.triu")
def triu(net: Builder, input: Value, diagonal: int = 0) -> Value:
    return times_mask(net, input, 1 - np.tri(input.shape[-2], input.shape[-1], diagonal - 1, dtype=np.float32))


@from_onnx("Trilu")
def onnx_trilu(net: Builder, input: Value, k: np.ndarray | None = None, *, upper: int = 1) -> Value:
    diagonal = 0 if k is None else int(k.reshape(()))
    return (triu if upper else tril)(net, input, diagonal)
