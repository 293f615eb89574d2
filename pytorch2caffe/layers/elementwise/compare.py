"""Comparisons: their results are masks, values that are 0 or 1 here and bool in PyTorch."""

from __future__ import annotations

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Term, Value
from ...graph.ir_operator import IrOperator
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_ir, from_torch, keeps_masks
from ..activation.threshold import Threshold
from .arithmetic import arithmetic
from .mask import inverse
from .power import Power


def above(net: Builder, a: Term, b: Term) -> Value:
    """[a > b] as 0 or 1, where `a` or `b` may be constant.

    Exact: the difference of two floats is 0 only if they are equal. Raises Refused for a constant inf or NaN.
    """
    for operand, other in ((a, b), (b, a)):
        if not isinstance(operand, Value) and not np.isfinite(operand).all():
            if isinstance(other, Value) and np.ndim(operand) == 0 and not np.isnan(operand):
                return _finite_above(net, other, (operand > 0) == (operand is a))
            raise Refused("a comparison with inf or NaN", "compare with a large number, such as 1e30")
    if isinstance(a, Value) and not isinstance(b, Value) and _is_number(b, a):
        return net.add(Threshold(float(np.reshape(b, ()))), a, name="above")
    if isinstance(b, Value) and not isinstance(a, Value) and _is_number(a, b):
        minus = net.add(Power(scale=-1.0), b, name="minus")
        return net.add(Threshold(-float(np.reshape(a, ()))), minus, name="below")
    return net.add(Threshold(), arithmetic(net, "sub", a, b), name="above")


def _finite_above(net: Builder, x: Value, above: bool) -> Value:
    """A mask like `x` that is `above` everywhere. Raises Refused if x may be inf or NaN."""
    net.bounds.refuse_hidden(x)
    return net.add(Power(scale=0.0, shift=float(above)), x, name="above")


def _is_number(constant: np.ndarray | float, like: Value) -> bool:
    """Whether a constant is one number that does not add axes to `like`."""
    return np.size(constant) == 1 and np.ndim(constant) <= len(like.shape)


@from_onnx_alike("Greater")
@from_torch("torch.gt", "torch.Tensor.gt", "torch.Tensor.__gt__", "torch.greater", "torch.Tensor.greater")
@keeps_masks
def gt(net: Builder, input: Term, other: Term) -> Value:
    return above(net, input, other)


@from_onnx_alike("Less")
@from_torch("torch.lt", "torch.Tensor.lt", "torch.Tensor.__lt__", "torch.less", "torch.Tensor.less")
@keeps_masks
def lt(net: Builder, input: Term, other: Term) -> Value:
    return above(net, other, input)


@from_onnx_alike("GreaterOrEqual")
@from_torch("torch.ge", "torch.Tensor.ge", "torch.Tensor.__ge__", "torch.greater_equal", "torch.Tensor.greater_equal")
@keeps_masks
def ge(net: Builder, input: Term, other: Term) -> Value:
    return inverse(net, above(net, other, input))


@from_onnx_alike("LessOrEqual")
@from_torch("torch.le", "torch.Tensor.le", "torch.Tensor.__le__", "torch.less_equal", "torch.Tensor.less_equal")
@keeps_masks
def le(net: Builder, input: Term, other: Term) -> Value:
    return inverse(net, above(net, input, other))


@from_torch("torch.ne", "torch.Tensor.ne", "torch.Tensor.__ne__", "torch.not_equal", "torch.Tensor.not_equal")
@keeps_masks
def ne(net: Builder, input: Term, other: Term) -> Value:
    """One of the two is above the other."""
    return arithmetic(net, "add", above(net, input, other), above(net, other, input))


@from_onnx_alike("Equal")
@from_torch("torch.eq", "torch.Tensor.eq", "torch.Tensor.__eq__")
@keeps_masks
def eq(net: Builder, input: Term, other: Term) -> Value:
    return inverse(net, ne(net, input, other))


IR_COMPARISONS = {"Greater": gt, "GreaterEqual": ge, "Less": lt, "LessEqual": le, "Equal": eq, "NotEqual": ne}


@from_ir(*IR_COMPARISONS)
def ir_compare(net: Builder, node: IrOperator, a: Operand, b: Operand) -> Value:
    """TensorFlow's comparisons; their results are 0 and 1."""
    return IR_COMPARISONS[node.op](net, *node.aligned(a, b))
