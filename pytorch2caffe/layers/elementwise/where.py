"""Selection by a mask, constant or traced: each element is multiplied by 0 or 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Node, Operand, Term, Value
from ...graph.ir_operator import IrOperator
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_ir, from_torch, keeps_masks
from ..shape.expand import expand_to
from .arithmetic import arithmetic
from .eltwise import Eltwise
from .mask import inverse, mask_of
from .masked_rows import is_finite

LARGE = 1.2e38  # four times as much is inf, twice as much is not
BOTH = "use torch.where(mask, a, b)"


@from_onnx_alike("Where")
@from_torch("torch.where")
@keeps_masks
def where(net: Builder, condition: Operand, input: Term | None = None, other: Term | None = None) -> Value:
    """input where the condition holds, else other."""
    if input is None or other is None:
        raise Refused("where with a condition only has an output shape that depends on the data", BOTH)
    return choose(net, mask_of(net, condition, "where"), input, other)


@from_torch("torch.Tensor.where")
@keeps_masks
def where_else(net: Builder, input: Operand, condition: Operand, other: Term) -> Value:
    return where(net, condition, input, other)


@from_ir("Select")
def ir_select(net: Builder, node: IrOperator, condition: Operand, a: Operand, b: Operand) -> Value:
    """TensorFlow's tf.where of three tensors; the condition is 0 or 1."""
    mask, one, other = node.aligned(condition, a, b)
    result: Value = choose(net, mask, one, other)
    return result


def choose(net: Builder, mask: Operand, input: Term, other: Term) -> Value:
    """`input` where the mask is 1, `other` where it is 0, broadcast; any of the three may be constant."""
    for chosen, value in ((input, True), (other, False)):
        everywhere = not isinstance(mask, Value) and bool(np.all(np.equal(mask, value)))
        if everywhere and isinstance(chosen, Value):
            shapes = (x.shape if isinstance(x, Value) else np.shape(x) for x in (mask, input, other))
            return expand_to(net, chosen, np.broadcast_shapes(*shapes))
    chosen, remaining = times_mask(net, input, mask), times_mask(net, other, inverse(net, mask))
    shape = np.broadcast_shapes(mask.shape, chosen.shape, remaining.shape)
    for one, other_part in ((chosen, remaining), (remaining, chosen)):
        if isinstance(one, Value) and not isinstance(other_part, Value) and not np.any(other_part):
            return expand_to(net, one, shape)
    return arithmetic(net, "add", chosen, remaining)


def times_mask(net: Builder, x: Term, mask: Operand) -> Any:
    """`x` where the mask is 1, 0 where it is 0; a Value, or an array if both are constant.

    A constant `x` may contain inf: it is computed from a large number, which overflows where the mask is 1. The last
    step is an Eltwise because OpenCV joins Powers, and 0 times a factor that overflows is NaN.
    """
    if not isinstance(mask, Value):
        mask = np.asarray(mask, np.float32)
    if isinstance(x, Value):
        return arithmetic(net, "mul", finite_where(net, x, mask), mask)
    x = np.asarray(x, np.float32)
    if not isinstance(mask, Value):
        return np.where(mask != 0, x, np.float32(0)).astype(np.float32)
    if np.isnan(x).any():
        raise Refused("a mask that writes NaN", "use a number")
    infinite = np.isinf(x)
    if not infinite.any():
        shape = np.broadcast_shapes(mask.shape, x.shape)
        return arithmetic(net, "mul", mask, x) if x.any() else np.zeros(shape, np.float32)
    steps = arithmetic(net, "mul", mask, np.where(infinite, np.sign(x) * LARGE, 0).astype(np.float32))
    large = net.add(Eltwise("SUM", (2.0, 2.0)), steps, steps, name="inf")
    if not x[~infinite].any():
        return large
    return arithmetic(net, "add", large, times_mask(net, np.where(infinite, 0, x), mask))


def finite_where(net: Builder, x: Value, mask: Operand) -> Value:
    """`x` where the mask is 1, and a finite number where it is 0: 0 * inf is NaN.

    What may be inf or NaN is computed again, from 0 or 1 where the mask is 0: torch.where(x > 0, x.log(), 0) is
    torch.where(x > 0, torch.where(x > 0, x, 1).log(), 0). Raises Refused if that does not make it finite.
    """
    if net.bounds.is_finite(x) and not is_finite(net, x):
        what = "a mask over a softmax that is NaN where -inf was written to a complete row"
        raise Refused(what, "write a large negative number before the softmax, such as -1e9, instead of -inf")
    try:
        net.bounds.refuse_hidden(x)
    except Refused:
        again = _recomputed(net, x, mask, {})
        if again is None:
            raise
        return again
    return x


def _recomputed(net: Builder, x: Value, mask: Operand, known: dict[Value, Value | None]) -> Value | None:
    node = net.bounds.producer(x)
    if node is None or net.bounds.is_finite(x):
        return x
    if x not in known:
        known[x] = None
        if node.layer.keeps_inf and len(node.outputs) == 1:
            inputs = [_recomputed(net, each, mask, known) for each in node.inputs]
            known[x] = _with_finite(net, node, [each for each in inputs if each is not None], mask)
    return known[x]


def _with_finite(net: Builder, node: Node, inputs: list[Value], mask: Operand) -> Value | None:
    """The node on inputs that are finite where the mask is 0, one of them replaced if need be; None if it fails."""
    if len(inputs) < len(node.inputs) or not inputs:
        return None
    if not net.bounds.gives_finite(node, {}):
        choices = [(i, number) for i in reversed(range(len(inputs))) for number in (0.0, 1.0)]
        choice = next((each for each in choices if net.bounds.gives_finite(node, dict([each]))), None)
        if choice is None or len(mask.shape) > len(inputs[choice[0]].shape):
            return None
        inputs[choice[0]] = _or_number(net, inputs[choice[0]], mask, choice[1])
    if node.blobs and any(new.shape != old.shape for new, old in zip(inputs, node.inputs, strict=True)):
        return None  # weights are aligned with the axes
    result: Value = net.add(node.layer, *inputs, blobs=node.blobs)
    return result


def _or_number(net: Builder, x: Value, mask: Operand, number: float) -> Value:
    """`x`, which is finite, where the mask is 1, and 0 or 1 where it is 0."""
    chosen = arithmetic(net, "mul", x, mask)
    result: Value = arithmetic(net, "add", chosen, inverse(net, mask)) if number else chosen
    return result
