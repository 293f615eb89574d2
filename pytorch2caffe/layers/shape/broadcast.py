"""torch.broadcast_to and torch.broadcast_tensors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch, unpacked
from .expand import expand_to


@from_torch("torch.broadcast_to", "torch.Tensor.broadcast_to")
def broadcast_to(net: Builder, input: Value, size: Sequence[int]) -> Value:
    return expand_to(net, input, size)


@from_torch("torch.broadcast_tensors")
def broadcast_tensors(net: Builder, *tensors: Operand | Sequence[Operand]) -> list[Value]:
    operands: Sequence[Operand] = unpacked(tensors)
    shape = np.broadcast_shapes(*(x.shape for x in operands))
    return [expand_to(net, x if isinstance(x, Value) else net.constant(x), shape) for x in operands]
