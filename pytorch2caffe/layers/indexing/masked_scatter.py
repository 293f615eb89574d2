"""torch.masked_scatter: the first numbers of a tensor, in order, wherever a mask is true."""

from __future__ import annotations

from math import prod

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..elementwise.mask import mask_of
from ..elementwise.where import choose
from ..shape.expand import expand_to
from ..shape.reshape import reshape_to
from .overwrite import overwrite, writable
from .strided_slice import select


@from_torch("torch.masked_scatter", "torch.Tensor.masked_scatter")
def masked_scatter(net: Builder, input: Operand, mask: Operand, source: Operand) -> Value:
    """With a constant mask the positions are constant; with a traced one the numbers must be the same everywhere."""
    if isinstance(mask, Value):
        numbers = np.ravel(source) if isinstance(source, np.ndarray) else np.arange(2)
        if len(np.unique(numbers)) > 1:
            what = "masked_scatter with a mask that depends on the input: so do the positions of its source"
            raise Refused(what, "use torch.where(mask, values, x), values being of the shape of x")
        return choose(net, mask_of(net, mask, "masked_scatter"), float(numbers[0]), input)
    shape = np.broadcast_shapes(input.shape, mask.shape)
    x = writable(net, "masked_scatter", expand_to(net, input, shape))
    positions = np.flatnonzero(np.broadcast_to(mask, shape))
    if not len(positions):
        return x
    flat = reshape_to(net, source, (prod(source.shape),), "source")
    first = (0, len(positions))
    return overwrite(
        net, x, positions, select(net, flat, [(*first, 1)]) if isinstance(flat, Value) else flat[slice(*first)]
    )
