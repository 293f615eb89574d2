"""addcmul: a tensor plus a scaled product."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from .arithmetic import arithmetic


def add_scaled(net: Builder, input: Operand, operation: str, a: Operand, b: Operand, value: float) -> Value:
    """input + value * (a operation b), for operation mul or div; any of the operands may be constant."""
    if not isinstance(a, Value) and not isinstance(b, Value):
        return arithmetic(net, "add", input, (a * b if operation == "mul" else a / b) * value)
    combined = arithmetic(net, operation, a, b)
    scaled = combined if value == 1 else arithmetic(net, "mul", combined, value)
    return arithmetic(net, "add", scaled, input)


@from_torch("torch.addcmul", "torch.Tensor.addcmul")
def addcmul(net: Builder, input: Operand, tensor1: Operand, tensor2: Operand, *, value: float = 1) -> Value:
    return add_scaled(net, input, "mul", tensor1, tensor2, value)
