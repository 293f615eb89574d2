"""addcdiv: a tensor plus a scaled quotient."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from .addcmul import add_scaled


@from_torch("torch.addcdiv", "torch.Tensor.addcdiv")
def addcdiv(net: Builder, input: Operand, tensor1: Operand, tensor2: Operand, *, value: float = 1) -> Value:
    return add_scaled(net, input, "div", tensor1, tensor2, value)
