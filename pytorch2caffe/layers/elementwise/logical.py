"""Logic on masks and numbers: not, and, or, xor."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.ir_operator import IrOperator
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_ir, from_torch, keeps_masks
from .arithmetic import arithmetic
from .compare import ne
from .mask import inverse
from .power import Power


def truth(net: Builder, x: Operand) -> Any:
    """A mask as it is; for numbers, the mask of those that are not 0."""
    if isinstance(x, Value):
        return x if x in net.masks else ne(net, x, 0.0)
    return np.asarray(x) != 0


@from_onnx_alike("Not")
@from_torch("torch.logical_not", "torch.Tensor.logical_not")
@keeps_masks
def logical_not(net: Builder, input: Operand) -> Value:
    return inverse(net, truth(net, input))


@from_onnx_alike("And")
@from_torch("torch.logical_and", "torch.Tensor.logical_and")
@keeps_masks
def logical_and(net: Builder, input: Operand, other: Operand) -> Value:
    return arithmetic(net, "mul", *_numbers(truth(net, input), truth(net, other)))


@from_onnx_alike("Or")
@from_torch("torch.logical_or", "torch.Tensor.logical_or")
@keeps_masks
def logical_or(net: Builder, input: Operand, other: Operand) -> Value:
    """Not (not a and not b)."""
    neither = _numbers(*(inverse(net, truth(net, x)) for x in (input, other)))
    return inverse(net, arithmetic(net, "mul", *neither), "")


@from_onnx_alike("Xor")
@from_torch("torch.logical_xor", "torch.Tensor.logical_xor")
@keeps_masks
def logical_xor(net: Builder, input: Operand, other: Operand) -> Value:
    """The square of their difference."""
    return net.add(Power(power=2.0), arithmetic(net, "sub", *_numbers(truth(net, input), truth(net, other))))


def _numbers(*masks: Operand) -> list[Operand]:
    """Constant masks as 0 and 1."""
    return [mask if isinstance(mask, Value) else np.asarray(mask, np.float32) for mask in masks]


@from_ir("LogicalAnd", "LogicalOr")
def ir_logical(net: Builder, node: IrOperator, a: Operand, b: Operand) -> Value:
    """Both, or at least one, of two masks."""
    result: Value = arithmetic(net, "mul" if node.op == "LogicalAnd" else "max", *node.aligned(a, b))
    return result


@from_ir("LogicalNot")
def ir_logical_not(net: Builder, node: IrOperator, mask: Value) -> Value:
    result: Value = inverse(net, mask)
    return result
