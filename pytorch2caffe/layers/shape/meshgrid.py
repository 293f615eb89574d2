"""torch.meshgrid."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch, unpacked
from .expand import expand_to
from .reshape import reshape_to
from .transpose import transpose


@from_torch("torch.functional.meshgrid", "torch.meshgrid")
def meshgrid(net: Builder, *tensors: Operand | Sequence[Operand], indexing: str | None = None) -> list[Value]:
    """Tensor i repeated along the axes of all others; "xy" exchanges the first two axes."""
    operands: Sequence[Operand] = unpacked(tensors)
    shape = [prod(x.shape) for x in operands]
    grids = []
    for axis, x in enumerate(operands):
        column = reshape_to(net, x, [size if i == axis else 1 for i, size in enumerate(shape)], "axis")
        grid = expand_to(net, column, shape)
        grid = transpose(net, grid, 0, 1) if indexing == "xy" and len(shape) > 1 else grid
        grids.append(grid if isinstance(grid, Value) else net.constant(grid))
    return grids
