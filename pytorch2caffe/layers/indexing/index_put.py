"""torch.index_put."""

from __future__ import annotations

from collections.abc import Sequence

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from .overwrite import add_at, overwrite, writable
from .subscript import items_of, positions_of


@from_torch("torch.index_put", "torch.Tensor.index_put", "torch.Tensor.index_put_")
def index_put(
    net: Builder, input: Operand, indices: Sequence[Operand | None], values: Operand, accumulate: bool = False
) -> Value:
    parts, _ = items_of(tuple(slice(None) if i is None else i for i in indices))
    x = writable(net, "index_put", input, *parts)
    positions = positions_of(x.shape, parts)
    return add_at(net, x, positions, values) if accumulate else overwrite(net, x, positions, values)
