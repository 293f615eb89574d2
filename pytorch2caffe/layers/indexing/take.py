"""torch.take."""

from __future__ import annotations

from math import prod

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..shape.reshape import reshape_to
from .index_select import select_indices


@from_torch("torch.take", "torch.Tensor.take")
def take(net: Builder, input: Operand, index: Operand) -> Value:
    """The elements at positions of the flattened input, in the shape of `index`."""
    if isinstance(index, Value) or not isinstance(input, Value):
        raise Refused("take at positions that depend on the input", "use a constant index")
    flat = reshape_to(net, input, (prod(input.shape),), "flat")
    return reshape_to(net, select_indices(net, flat, 0, np.ravel(index)), np.shape(index))
