"""ONNX's reductions."""

from __future__ import annotations

from typing import Any

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import OnnxNode, constant_input, from_onnx, numbers
from ...graph.registry import axes_of
from ..elementwise.exp import exp
from ..elementwise.log import natural_log
from ..elementwise.power import Power
from .logsumexp import logsumexp
from .norm import norm_of
from .prod import prod
from .reduce import reduce

PLAIN = {"ReduceMean": "mean", "ReduceSum": "sum", "ReduceMax": "max", "ReduceMin": "min"}


@from_onnx(*PLAIN, "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceProd", "ReduceSumSquare")
def onnx_reduce(
    net: Builder, data: Value, axes: Any = None, *, node: OnnxNode, keepdims: int = 1, noop_with_empty_axes: int = 0
) -> Value:
    """Over `axes`, an attribute before opset 13 or 18, or over all."""
    named = numbers(None if axes is None else constant_input(axes, f"the axes of {node.op}"))
    if not named and noop_with_empty_axes:
        return _of_each(net, data, node.op)
    dims, keep = axes_of(tuple(named or ()), len(data.shape)), bool(keepdims)
    if node.op in PLAIN:
        return reduce(net, PLAIN[node.op], data, dims, keep)
    if node.op in ("ReduceL1", "ReduceL2"):
        return norm_of(net, data, dims, keep, 1.0 if node.op == "ReduceL1" else 2.0)
    if node.op == "ReduceSumSquare":
        return reduce(net, "sum", net.add(Power(power=2.0), data, name="square"), dims, keep)
    if node.op == "ReduceLogSum":
        return natural_log(net, reduce(net, "sum", data, dims, keep))
    if node.op == "ReduceLogSumExp":
        return logsumexp(net, data, dims, keep)
    y = data
    for axis in sorted(dims, reverse=True):
        y = prod(net, y, axis, keep)
    return y


def _of_each(net: Builder, x: Value, op: str) -> Value:
    """A reduction over no axis: of each number alone."""
    if op in ("ReduceL1", "ReduceL2"):
        return norm_of(net, x, (), True, 1.0)
    if op == "ReduceSumSquare":
        return net.add(Power(power=2.0), x)
    if op == "ReduceLogSum":
        return natural_log(net, x)
    return natural_log(net, exp(net, x)) if op == "ReduceLogSumExp" else x
