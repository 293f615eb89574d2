"""Arithmetic on two operands: + - * / maximum and minimum, with broadcasting, of tensors, constants and numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Term, Value
from ...graph.ir_operator import IrOperator
from ...graph.onnx_rules import OnnxNode, from_onnx
from ...graph.registry import from_ir
from ..activation.clip import clip
from ..shape.expand import expand_to
from .binary import EQUAL_SHAPES, Binary, aligned
from .eltwise import Eltwise
from .power import Power
from .scale import Bias, Scale

NUMPY = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "max": np.maximum, "min": np.minimum}


def arithmetic(net: Builder, operation: str, a: Term, b: Term) -> Any:
    """`a` operation `b`, broadcast as in PyTorch, by the simplest layers for the operands.

    operation: add, sub, mul, div, max or min. a, b: a traced tensor, a constant array or a number.
    Returns a Value, or an array if both operands are constant. Raises Refused for a division by zero.
    """
    if not isinstance(a, Value):
        return _constant_first(net, operation, a, b) if isinstance(b, Value) else np.asarray(NUMPY[operation](a, b))
    if isinstance(b, Value):
        same = a.shape == b.shape and operation in EQUAL_SHAPES
        return net.add(EQUAL_SHAPES[operation] if same else Binary(operation), a, b)
    return _with_constant(net, operation, a, np.asarray(b, np.float32))


def _with_constant(net: Builder, operation: str, a: Value, constant: np.ndarray) -> Value:
    if constant.ndim > len(a.shape) or np.broadcast_shapes(constant.shape, a.shape) != a.shape:
        a = expand_to(net, a, np.broadcast_shapes(constant.shape, a.shape))
    if constant.size == 1:
        return _with_number(net, operation, a, float(constant.reshape(())))
    span = aligned(constant.shape, a.shape, widest=False)
    if span is None or operation in ("max", "min"):
        return net.add(Binary(operation), a, net.constant(constant))
    start, stop = span
    blob = constant.reshape(a.shape[start:stop])
    if operation in ("mul", "div"):
        return net.add(Scale(start, stop - start), a, blobs=[blob if operation == "mul" else 1 / blob])
    return net.add(Bias(start, stop - start), a, blobs=[blob if operation == "add" else -blob])


def _constant_first(net: Builder, operation: str, a: np.ndarray | float, b: Value) -> Value:
    if operation == "sub":
        return arithmetic(net, "add", net.add(Power(scale=-1.0), b), a) if np.size(a) > 1 else _minus(net, a, b)
    if operation == "div":
        inverse = net.add(Power(power=-1.0), b)
        return inverse if np.size(a) == 1 and float(np.reshape(a, ())) == 1 else arithmetic(net, "mul", inverse, a)
    return arithmetic(net, operation, b, a)


def _minus(net: Builder, a: np.ndarray | float, b: Value) -> Value:
    """A number minus a tensor."""
    if np.ndim(a) > len(b.shape):
        b = expand_to(net, b, np.broadcast_shapes(np.shape(a), b.shape))
    return net.add(Power(scale=-1.0, shift=float(np.reshape(a, ()))), b)


def _with_number(net: Builder, operation: str, a: Value, number: float) -> Value:
    if operation in ("max", "min"):
        return clip(net, a, number, None) if operation == "max" else clip(net, a, None, number)
    if operation == "div" and number == 0:
        raise Refused("division by zero", "remove the division")
    settings = {"add": {"shift": number}, "sub": {"shift": -number}, "mul": {"scale": number}}
    return net.add(Power(**(settings.get(operation) or {"scale": 1 / number})), a)


IR_OPERATIONS = {
    "Add": "add",
    "AddV2": "add",
    "AddN": "add",
    "Sub": "sub",
    "Mul": "mul",
    "Div": "div",
    "RealDiv": "div",
    "Maximum": "max",
    "Minimum": "min",
}


@from_ir(*IR_OPERATIONS)
def ir_arithmetic(net: Builder, node: IrOperator, *inputs: Operand) -> Value:
    """Of any number of inputs; a single input is combined with the operator's weights, or with itself (x + x)."""
    if len(inputs) == 1 and (node.has("weights") or node.has("alpha")):
        inputs = (*inputs, node.stored(node.weight("weights", "alpha")))
    elif len(inputs) == 1:
        inputs = (inputs[0], inputs[0])
    a, *rest = node.aligned(*inputs)
    operation = IR_OPERATIONS[node.op]
    if operation == "add" and len(rest) > 1 and all(isinstance(x, Value) and x.shape == a.shape for x in (a, *rest)):
        return net.add(Eltwise("SUM"), a, *rest)
    for b in rest:
        a = arithmetic(net, operation, a, b)
    return a


@from_ir("Avg")
def ir_average(net: Builder, node: IrOperator, *inputs: Operand) -> Value:
    """The elementwise mean of several tensors."""
    total, *rest = node.aligned(*inputs)
    for x in rest:
        total = arithmetic(net, "add", total, x)
    return arithmetic(net, "mul", total, 1 / len(inputs))


@from_ir("SquaredDifference")
def ir_squared_difference(net: Builder, node: IrOperator, a: Operand, b: Operand) -> Value:
    difference = arithmetic(net, "sub", *node.aligned(a, b))
    return net.add(Power(power=2.0), difference) if isinstance(difference, Value) else difference**2


@from_onnx("Max", "Min", "Sum", "Mean")
def onnx_several(net: Builder, *data: Operand, node: OnnxNode) -> Value:
    """Of any number of tensors, which broadcast."""
    operation = {"Max": "max", "Min": "min"}.get(node.op, "add")
    total, *rest = data
    if operation == "add" and len(rest) > 1 and all(isinstance(x, Value) and x.shape == total.shape for x in data):
        total = net.add(Eltwise("SUM"), *data)
    else:
        for x in rest:
            total = arithmetic(net, operation, total, x)
    if node.op == "Mean" and rest:
        total = arithmetic(net, "mul", total, 1 / len(data))
    assert isinstance(total, Value)
    return total
