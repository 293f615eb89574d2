"""ONNX's arithmetic before opset 7, where B broadcasts to A from an axis on, if the node says so."""

from __future__ import annotations

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.onnx_rules import OnnxNode, from_onnx
from ..shape.reshape import reshape_to
from .arithmetic import arithmetic

OPERATIONS = {"Add": "add", "Sub": "sub", "Mul": "mul", "Div": "div"}


@from_onnx(*OPERATIONS)
def onnx_arithmetic(
    net: Builder,
    A: Operand,
    B: Operand,
    *,
    node: OnnxNode,
    axis: int | None = None,
    broadcast: int = 0,
    consumed_inputs: object = None,
) -> Value:
    """The axes of B are those of A from `axis` on, by default the last."""
    if node.op == "Div" and node.integers():
        raise Refused("a division of integers before opset 7", "convert the model to a newer opset")
    if broadcast and axis is not None:
        after = len(A.shape) - axis % len(A.shape) - len(B.shape)
        aligned = reshape_to(net, B, (*B.shape, *(1,) * max(after, 0)))
        return _result(net, node.op, A, aligned)
    if not broadcast and A.shape != B.shape:
        raise Refused(f"{node.op} of {list(A.shape)} and {list(B.shape)} without broadcast", "the file is damaged")
    return _result(net, node.op, A, B)


def _result(net: Builder, op: str, a: Operand, b: Operand) -> Value:
    y: Value = arithmetic(net, OPERATIONS[op], a, b)
    return y
