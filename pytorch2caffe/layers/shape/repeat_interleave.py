"""torch.repeat_interleave."""

from __future__ import annotations

from math import prod

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from .reshape import reshape_to
from .tile import Tile


@from_torch("torch.repeat_interleave", "torch.Tensor.repeat_interleave")
def repeat_interleave(
    net: Builder, input: Value, repeats: int | Operand, dim: int | None = None, *, output_size: int | None = None
) -> Value:
    """Each entry along an axis `repeats` times: a new axis after it, tiled."""
    if not isinstance(repeats, int):
        raise Refused("repeat_interleave with a number of repeats for each entry", "index with a constant list")
    if repeats == 0:
        raise Refused("repeat_interleave of zero times", "Caffe has no empty blobs")
    shape = input.shape if dim is not None else (prod(input.shape),)
    axis = dim % len(shape) if dim is not None and shape else 0
    shape = shape or (1,)
    column = reshape_to(net, input, (*shape[: axis + 1], 1, *shape[axis + 1 :]), "column")
    tiled = net.add(Tile(axis + 1, repeats), column, name="tile") if repeats > 1 else column
    return reshape_to(net, tiled, (*shape[:axis], shape[axis] * repeats, *shape[axis + 1 :]))
