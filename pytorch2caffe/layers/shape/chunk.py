"""torch.chunk."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from .split import split


@from_torch("torch.chunk", "torch.Tensor.chunk", "torch.unsafe_chunk", "torch.Tensor.unsafe_chunk")
def chunk(net: Builder, input: Value, chunks: int, dim: int = 0) -> list[Value]:
    return split(net, input, -(-input.shape[dim] // chunks), dim)
