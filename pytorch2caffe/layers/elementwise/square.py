"""The square."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_ir_alike, from_torch
from .power import Power


@from_ir_alike("Square")
@from_torch("torch.square", "torch.square_", "torch.Tensor.square", "torch.Tensor.square_")
def square(net: Builder, input: Value) -> Value:
    return net.add(Power(power=2.0), input)
