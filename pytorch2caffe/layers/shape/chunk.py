"""torch.chunk."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from .slice import equal_parts
from .split import split


@from_torch("torch.chunk", "torch.Tensor.chunk", "torch.unsafe_chunk", "torch.Tensor.unsafe_chunk")
def chunk(net: Builder, input: Value, chunks: int, dim: int = 0) -> list[Value]:
    dim %= len(input.shape)
    size = input.shape[dim]
    if len(input.shape) == 4 and dim >= 2 and 1 < chunks < size and size % chunks == 0:
        return list(net.add(equal_parts(dim, size, chunks), input))
    return split(net, input, -(-size // chunks), dim)
