"""Arithmetic of two: + - * / minimum, maximum and powers, with broadcasting, constants and numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import from_ir, from_torch, keeps_masks
from ..activation.clip import clip
from ..shape.expand import expand_to
from .binary import EQUAL_SHAPES, Binary, aligned
from .eltwise import Eltwise
from .exp import Exp
from .power import Power
from .scale import Bias, Scale

NUMPY = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "max": np.maximum, "min": np.minimum}


def arithmetic(net: Builder, operation: str, a: Operand | float, b: Operand | float) -> Any:
    """`a` operation `b`, where each is a value, a constant array or a number: the simplest layers that say it."""
    if isinstance(a, Value) and isinstance(b, Value):
        same = a.shape == b.shape and operation in EQUAL_SHAPES
        return net.add(EQUAL_SHAPES[operation] if same else Binary(operation), a, b)
    if not isinstance(a, Value):
        return _reversed(net, operation, a, b) if isinstance(b, Value) else np.asarray(NUMPY[operation](a, b))
    x, constant = a, np.asarray(b, np.float32)
    if constant.ndim > len(x.shape) or np.broadcast_shapes(constant.shape, x.shape) != x.shape:
        x = expand_to(net, x, np.broadcast_shapes(constant.shape, x.shape))
    if constant.size == 1:
        return _with_number(net, operation, x, float(constant.reshape(())))
    span = aligned(constant.shape, x.shape, widest=False)
    if span is None or operation in ("max", "min"):
        return net.add(Binary(operation), x, net.constant(constant))
    start, stop = span
    blob = constant.reshape(x.shape[start:stop])
    if operation in ("mul", "div"):
        return net.add(Scale(start, stop - start), x, blobs=[blob if operation == "mul" else 1 / blob])
    return net.add(Bias(start, stop - start), x, blobs=[blob if operation == "add" else -blob])


def _reversed(net: Builder, operation: str, a: np.ndarray | float, b: Value) -> Any:
    if operation == "sub":
        return arithmetic(net, "add", net.add(Power(scale=-1.0), b), a) if np.size(a) > 1 else _minus(net, a, b)
    if operation == "div":
        inverse = net.add(Power(power=-1.0), b)
        return inverse if np.size(a) == 1 and float(np.reshape(a, ())) == 1 else arithmetic(net, "mul", inverse, a)
    return arithmetic(net, operation, b, a)


def _minus(net: Builder, a: np.ndarray | float, b: Value) -> Any:
    if np.ndim(a) > len(b.shape):
        b = expand_to(net, b, np.broadcast_shapes(np.shape(a), b.shape))
    return net.add(Power(scale=-1.0, shift=float(np.reshape(a, ()))), b)


def _with_number(net: Builder, operation: str, a: Value, number: Any) -> Any:
    if operation in ("max", "min"):
        return clip(net, a, number, None) if operation == "max" else clip(net, a, None, number)
    if operation == "div" and number == 0:
        raise Refused("division by zero", "remove it")
    made = {"add": {"shift": number}, "sub": {"shift": -number}, "mul": {"scale": number}}
    return net.add(Power(**(made.get(operation) or {"scale": 1 / number})), a)


@from_torch("torch.add", "torch.Tensor.add", "torch.Tensor.add_", "torch.Tensor.__radd__", "torch.Tensor.__iadd__")
def add(net: Builder, input: Value, other: Operand, *, alpha: float = 1) -> Any:
    return arithmetic(net, "add", input, other if alpha == 1 else arithmetic(net, "mul", other, alpha))


@from_torch(
    "torch.sub",
    "torch.Tensor.sub",
    "torch.Tensor.sub_",
    "torch.subtract",
    "torch.Tensor.subtract",
    "torch.Tensor.__isub__",
)
def sub(net: Builder, input: Operand, other: Operand, *, alpha: float = 1) -> Any:
    return arithmetic(net, "sub", input, other if alpha == 1 else arithmetic(net, "mul", other, alpha))


@from_torch("torch.Tensor.__rsub__", "torch.rsub")
def rsub(net: Builder, input: Value, other: Operand, *, alpha: float = 1) -> Any:
    return sub(net, other, input, alpha=alpha)


@from_torch(
    "torch.mul",
    "torch.Tensor.mul",
    "torch.Tensor.mul_",
    "torch.multiply",
    "torch.Tensor.multiply",
    "torch.Tensor.__rmul__",
    "torch.Tensor.__imul__",
)
@keeps_masks
def mul(net: Builder, input: Value, other: Operand) -> Any:
    return arithmetic(net, "mul", input, other)


@from_torch(
    "torch.div",
    "torch.Tensor.div",
    "torch.Tensor.div_",
    "torch.divide",
    "torch.true_divide",
    "torch.Tensor.divide",
    "torch.Tensor.true_divide",
    "torch.Tensor.__truediv__",
    "torch.Tensor.__itruediv__",
    "torch.Tensor.__div__",
)
def div(net: Builder, input: Value, other: Operand, *, rounding_mode: str | None = None) -> Any:
    if rounding_mode is not None:
        raise Refused(f"division rounded by {rounding_mode!r} has no Caffe layer", "divide without rounding_mode")
    return arithmetic(net, "div", input, other)


@from_torch("torch.Tensor.__rtruediv__", "torch.Tensor.__rdiv__")
def rdiv(net: Builder, input: Value, other: Operand) -> Any:
    return arithmetic(net, "div", other, input)


@from_torch("torch.maximum", "torch.Tensor.maximum", "torch.fmax", "torch.Tensor.fmax")
@keeps_masks
def maximum(net: Builder, input: Value, other: Operand) -> Any:
    return arithmetic(net, "max", input, other)


@from_torch("torch.minimum", "torch.Tensor.minimum", "torch.fmin", "torch.Tensor.fmin")
@keeps_masks
def minimum(net: Builder, input: Value, other: Operand) -> Any:
    return arithmetic(net, "min", input, other)


@from_torch("torch.pow", "torch.Tensor.pow", "torch.Tensor.pow_", "torch.Tensor.__pow__", "torch.Tensor.__ipow__")
def pow(net: Builder, input: Value, exponent: Any) -> Any:
    if not isinstance(input, Value):
        return rpow(net, exponent, input)
    if isinstance(exponent, Value) or np.size(exponent) > 1:
        raise Refused("a power whose exponent is a tensor has no Caffe layer", "use one number as the exponent")
    return net.add(Power(power=float(np.reshape(exponent, ()))), input)


@from_torch("torch.Tensor.__rpow__")
def rpow(net: Builder, exponent: Any, base: Any) -> Any:
    if np.size(base) > 1 or np.min(base) <= 0:
        text = f"{np.size(base)} bases" if np.size(base) > 1 else f"the base {float(np.reshape(base, ())):g}"
        raise Refused(f"a power of {text} has no Caffe layer", "use one positive number as the base")
    return net.add(Exp(float(np.reshape(base, ()))), exponent)


@from_torch("torch.exp2", "torch.special.exp2", "torch.Tensor.exp2")
def exp2(net: Builder, input: Value) -> Any:
    return rpow(net, input, 2.0)


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
def ir_arithmetic(net: Builder, node: IrOperator, *inputs: Value) -> Any:
    """Of any number of inputs; of one, with the operand among its weights, or with itself, as x + x is stored."""
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
def ir_average(net: Builder, node: IrOperator, *inputs: Value) -> Any:
    """Of several tensors, number by number."""
    total, *rest = node.aligned(*inputs)
    for x in rest:
        total = arithmetic(net, "add", total, x)
    return arithmetic(net, "mul", total, 1 / len(inputs))


@from_ir("SquaredDifference")
def ir_squared_difference(net: Builder, node: IrOperator, a: Any, b: Any) -> Any:
    difference = arithmetic(net, "sub", *node.aligned(a, b))
    return net.add(Power(power=2.0), difference) if isinstance(difference, Value) else difference**2


@from_ir("Pow")
def ir_pow(net: Builder, node: IrOperator, input: Value, exponent: Any) -> Any:
    return pow(net, *node.aligned(input, exponent))
