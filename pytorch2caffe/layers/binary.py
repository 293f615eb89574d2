"""Arithmetic of two: + - * / minimum and maximum, with broadcasting, constants and numbers."""

from __future__ import annotations

import numpy as np

from ..errors import Refused
from ..graph import Value
from ..ncnn import binary
from ..registry import Layer, Source, from_ir, from_torch, keeps_masks, layer
from .clip import clip
from .eltwise import Eltwise
from .exp import Exp
from .expand import expand_to
from .power import Power
from .reshape import reshape_to
from .scale import Bias, Scale

NUMPY = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "max": np.maximum, "min": np.minimum}
SYMBOL = {"add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "div": "{0} / {1}"}
SYMBOL |= {"max": "torch.maximum({0}, {1})", "min": "torch.minimum({0}, {1})"}
EQUAL_SHAPES = {"add": Eltwise(), "sub": Eltwise("SUM", (1.0, -1.0)), "mul": Eltwise("PROD"), "max": Eltwise("MAX")}


@layer("Binary")
class Binary(Layer):
    """Two inputs, number by number, broadcast as PyTorch does. operation: add, sub, mul, div, max, min.

    Caffe's Eltwise needs equal shapes; its Scale and Bias take a second bottom that lines up from an axis on.
    """

    operation: str

    def to_torch(self, shapes, blobs):
        return Source(expr=SYMBOL[self.operation])

    def to_ncnn(self, shapes, blobs):
        return binary(self.operation, shapes)

    def lower(self, net, inputs, blobs):
        a, b = inputs
        if self.operation in ("sub", "div"):
            opposite = Power(scale=-1.0) if self.operation == "sub" else Power(power=-1.0)
            other = "add" if self.operation == "sub" else "mul"
            if a.shape == b.shape and self.operation == "sub":
                return net.add(EQUAL_SHAPES["sub"], a, b)
            return net.add(Binary(other), a, net.add(opposite, b, name="inverse"))
        if self.operation == "min":
            minus = [net.add(Power(scale=-1.0), value, name="minus") for value in inputs]
            return net.add(Power(scale=-1.0), net.add(Binary("max"), *minus, name="max"))
        shape = np.broadcast_shapes(a.shape, b.shape)
        if self.operation in ("add", "mul"):
            big, small = (a, b) if a.shape == shape else (b, a)
            span = aligned(small.shape, shape) if big.shape == shape else None
            if big.shape != small.shape and span is not None:
                start, stop = span
                made = Scale(start) if self.operation == "mul" else Bias(start)
                return net.add(made, big, reshape_to(net, small, shape[start:stop], "operand"))
        return net.add(EQUAL_SHAPES[self.operation], *(expand_to(net, value, shape) for value in inputs))

    def to_ir(self, net, inputs, blobs):
        rank = max(len(x.shape) for x in inputs)
        a, b = (net.reshape(x, (1,) * (rank - len(x.shape)) + x.shape) for x in inputs)
        name = {"add": "Add", "sub": "Sub", "mul": "Mul", "div": "RealDiv", "max": "Maximum", "min": "Minimum"}
        return net.op(name[self.operation], a, b, shape=np.broadcast_shapes(a.shape, b.shape))


def aligned(small, shape, widest=True):
    """The axes [start, stop) of `shape` that a broadcast operand spans, if it repeats along none between; else None.

    widest: with the axes of size 1 beside them that both have, so that another batch size still fits; else without.

    >>> aligned((1, 16, 1, 1), (1, 16, 7, 7)), aligned((2, 1, 7, 1), (2, 16, 7, 7))
    ((0, 2), None)
    """
    rank = len(shape)
    dims = (1,) * (rank - len(small)) + tuple(small)
    first = rank - len(small)
    own = [axis for axis in range(first, rank) if dims[axis] != 1] or [first - 1]
    start, stop = max(own[0], first), own[-1] + 1
    if any(dims[axis] != shape[axis] for axis in range(start, stop)):
        return None
    while widest and start > first and dims[start - 1] == shape[start - 1]:
        start -= 1
    while widest and stop < rank and start == first and dims[stop] == shape[stop]:
        stop += 1
    return (start, stop) if stop > start else None


def arithmetic(net, operation, a, b):
    """`a` operation `b`, where each is a value, a constant array or a number: the simplest layers that say it."""
    if isinstance(a, Value) and isinstance(b, Value):
        same = a.shape == b.shape and operation in EQUAL_SHAPES
        return net.add(EQUAL_SHAPES[operation] if same else Binary(operation), a, b)
    if not isinstance(a, Value):
        return _reversed(net, operation, a, b) if isinstance(b, Value) else np.asarray(NUMPY[operation](a, b))
    constant = np.asarray(b, np.float32)
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


def _reversed(net, operation, a, b):
    if operation == "sub":
        return arithmetic(net, "add", net.add(Power(scale=-1.0), b), a) if np.size(a) > 1 else _minus(net, a, b)
    if operation == "div":
        inverse = net.add(Power(power=-1.0), b)
        return inverse if np.size(a) == 1 and float(np.reshape(a, ())) == 1 else arithmetic(net, "mul", inverse, a)
    return arithmetic(net, operation, b, a)


def _minus(net, a, b):
    if np.ndim(a) > len(b.shape):
        b = expand_to(net, b, np.broadcast_shapes(np.shape(a), b.shape))
    return net.add(Power(scale=-1.0, shift=float(np.reshape(a, ()))), b)


def _with_number(net, operation, a, number):
    if operation in ("max", "min"):
        return clip(net, a, number, None) if operation == "max" else clip(net, a, None, number)
    if operation == "div" and number == 0:
        raise Refused("division by zero", "remove it")
    made = {"add": {"shift": number}, "sub": {"shift": -number}, "mul": {"scale": number}}
    return net.add(Power(**(made.get(operation) or {"scale": 1 / number})), a)


@from_torch("torch.add", "torch.Tensor.add", "torch.Tensor.add_", "torch.Tensor.__radd__", "torch.Tensor.__iadd__")
def add(net, input, other, *, alpha=1):
    return arithmetic(net, "add", input, other if alpha == 1 else arithmetic(net, "mul", other, alpha))


@from_torch(
    "torch.sub", "torch.Tensor.sub", "torch.Tensor.sub_", "torch.subtract", "torch.Tensor.subtract",
    "torch.Tensor.__isub__",
)  # fmt: skip
def sub(net, input, other, *, alpha=1):
    return arithmetic(net, "sub", input, other if alpha == 1 else arithmetic(net, "mul", other, alpha))


@from_torch("torch.Tensor.__rsub__", "torch.rsub")
def rsub(net, input, other, *, alpha=1):
    return sub(net, other, input, alpha=alpha)


@from_torch(
    "torch.mul", "torch.Tensor.mul", "torch.Tensor.mul_", "torch.multiply", "torch.Tensor.multiply",
    "torch.Tensor.__rmul__", "torch.Tensor.__imul__",
)  # fmt: skip
@keeps_masks
def mul(net, input, other):
    return arithmetic(net, "mul", input, other)


@from_torch(
    "torch.div", "torch.Tensor.div", "torch.Tensor.div_", "torch.divide", "torch.true_divide", "torch.Tensor.divide",
    "torch.Tensor.true_divide", "torch.Tensor.__truediv__", "torch.Tensor.__itruediv__", "torch.Tensor.__div__",
)  # fmt: skip
def div(net, input, other, *, rounding_mode=None):
    if rounding_mode is not None:
        raise Refused(f"division rounded by {rounding_mode!r} has no Caffe layer", "divide without rounding_mode")
    return arithmetic(net, "div", input, other)


@from_torch("torch.Tensor.__rtruediv__", "torch.Tensor.__rdiv__")
def rdiv(net, input, other):
    return arithmetic(net, "div", other, input)


@from_torch("torch.maximum", "torch.Tensor.maximum", "torch.fmax", "torch.Tensor.fmax")
@keeps_masks
def maximum(net, input, other):
    return arithmetic(net, "max", input, other)


@from_torch("torch.minimum", "torch.Tensor.minimum", "torch.fmin", "torch.Tensor.fmin")
@keeps_masks
def minimum(net, input, other):
    return arithmetic(net, "min", input, other)


@from_torch("torch.pow", "torch.Tensor.pow", "torch.Tensor.pow_", "torch.Tensor.__pow__", "torch.Tensor.__ipow__")
def pow(net, input, exponent):
    if not isinstance(input, Value):
        return rpow(net, exponent, input)
    if isinstance(exponent, Value) or np.size(exponent) > 1:
        raise Refused("a power whose exponent is a tensor has no Caffe layer", "use one number as the exponent")
    return net.add(Power(power=float(np.reshape(exponent, ()))), input)


@from_torch("torch.Tensor.__rpow__")
def rpow(net, exponent, base):
    if np.size(base) > 1 or np.min(base) <= 0:
        text = f"{np.size(base)} bases" if np.size(base) > 1 else f"the base {float(np.reshape(base, ())):g}"
        raise Refused(f"a power of {text} has no Caffe layer", "use one positive number as the base")
    return net.add(Exp(float(np.reshape(base, ()))), exponent)


@from_torch("torch.exp2", "torch.special.exp2", "torch.Tensor.exp2")
def exp2(net, input):
    return rpow(net, input, 2.0)


IR_OPERATIONS = {"Add": "add", "AddV2": "add", "AddN": "add", "Sub": "sub", "Mul": "mul", "Div": "div",
                 "RealDiv": "div", "Maximum": "max", "Minimum": "min"}  # fmt: skip


@from_ir(*IR_OPERATIONS)
def ir_arithmetic(net, node, *inputs):
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
def ir_average(net, node, *inputs):
    """Of several tensors, number by number."""
    total, *rest = node.aligned(*inputs)
    for x in rest:
        total = arithmetic(net, "add", total, x)
    return arithmetic(net, "mul", total, 1 / len(inputs))


@from_ir("SquaredDifference")
def ir_squared_difference(net, node, a, b):
    difference = arithmetic(net, "sub", *node.aligned(a, b))
    return net.add(Power(power=2.0), difference) if isinstance(difference, Value) else difference**2


@from_ir("Pow")
def ir_pow(net, node, input, exponent):
    return pow(net, *node.aligned(input, exponent))
