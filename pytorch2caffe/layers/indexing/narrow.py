"""torch.narrow."""

from __future__ import annotations

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from .strided_slice import select
from .subscript import from_the_end


@from_torch("torch.narrow", "torch.Tensor.narrow", "torch.narrow_copy", "torch.Tensor.narrow_copy")
def narrow(net: Builder, input: Value, dim: int, start: int | Value, length: int) -> Value:
    if isinstance(start, Value):
        raise Refused("narrow from a start that depends on the input", "use a number")
    dim %= len(input.shape)
    ranges = [(0, size, 1) for size in input.shape]
    begin = int(start) % input.shape[dim]
    ranges[dim] = (begin, begin + length, 1)
    fixed = from_the_end((input.shape[dim],), slice(int(start), begin + length))
    return select(net, input, ranges, {dim} if fixed else set())
