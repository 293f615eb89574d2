"""Comparisons, logic and selection, and the rounding to levels of quantization-aware training."""

from __future__ import annotations

import numpy as np

from ...errors import Refused
from .convert import Net, rule
from .node import Tensor, TfNode, constant
from .rules_arrays import reshaped


@rule("Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual", "LogicalAnd", "LogicalOr")
def compare(net: Net, node: TfNode, a: Tensor, b: Tensor) -> Tensor:
    shape = np.broadcast_shapes(a.shape, b.shape)
    return net.emit(node.op, node, [a, b], shape, kind="b")  # type: ignore[no-any-return]


@rule("LogicalNot")
def logical_not(net: Net, node: TfNode, x: Tensor) -> Tensor:
    return net.emit("LogicalNot", node, [x], x.shape, kind="b")  # type: ignore[no-any-return]


@rule("Select", "SelectV2")
def select(net: Net, node: TfNode, condition: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """a where the condition holds, else b. The condition of Select may be a vector, for the first axis."""
    if node.op == "Select" and len(condition.shape) == 1 and len(a.shape) > 1:
        condition = reshaped(net, node, condition, [*condition.shape, *[1] * (len(a.shape) - 1)], "/of_samples")
    shape = np.broadcast_shapes(condition.shape, a.shape, b.shape)
    return net.emit("Select", node, [condition, a, b], shape, kind=a.kind)  # type: ignore[no-any-return]


@rule("FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxArgs")
def fake_quant(net: Net, node: TfNode, x: Tensor, low: Tensor | None = None, high: Tensor | None = None) -> Tensor:
    """The nearest of the levels between the two bounds, which are moved so that 0 is a level.

    Source: TensorFlow's documentation of tf.quantization.fake_quant_with_min_max_vars.
    """
    bounds = [
        np.float32(t.array() if t is not None else node.number(key, default))
        for t, key, default in ((low, "min", -6.0), (high, "max", 6.0))
    ]
    first = np.float32(1 if node.flag("narrow_range") else 0)
    last = np.float32(2 ** node.integer("num_bits", 8) - 1)
    scale = (bounds[1] - bounds[0]) / (last - first)
    if not scale > 0:
        raise Refused(f"levels between {bounds[0]} and {bounds[1]}", "train the bounds, or give others")
    zero = np.clip(np.floor(first - bounds[0] / scale + np.float32(0.5)), first, last)
    lowest, highest = (first - zero) * scale, (last - zero) * scale

    def step(op: str, y: Tensor, number: np.floating | float, name: str) -> Tensor:
        return net.emit(op, node, [y, constant(np.array(number, np.float32))], x.shape, name=name)  # type: ignore[no-any-return]

    y = step("Maximum", step("Minimum", x, highest, "/high"), lowest, "/low")
    y = step("Add", step("Mul", step("Sub", y, lowest, "/from_low"), 1 / scale, "/levels"), 0.5, "/half")
    y = net.emit("Floor", node, [y], x.shape, name="/floor")
    return step("Add", step("Mul", y, scale, "/scaled"), lowest, "")
