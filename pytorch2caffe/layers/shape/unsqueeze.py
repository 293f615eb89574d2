"""torch.unsqueeze and the IR's ExpandDims."""

from __future__ import annotations

from typing import Any

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.ir_operator import IrOperator
from ...graph.onnx_rules import from_onnx, numbers
from ...graph.registry import from_ir, from_torch
from .reshape import reshape_to


@from_torch("torch.unsqueeze", "torch.Tensor.unsqueeze", "torch.Tensor.unsqueeze_")
def unsqueeze(net: Builder, input: Value, dim: int) -> Value:
    dim %= len(input.shape) + 1
    return reshape_to(net, input, (*input.shape[:dim], 1, *input.shape[dim:]))


@from_ir("Unsqueeze", "ExpandDims")
def ir_unsqueeze(net: Builder, node: IrOperator, input: Value) -> Value:
    named = node.integers("axes" if "axes" in node else "axis")
    shape = list(node.shape(input))
    for axis in sorted(node.ir_axis(input, axis, len(named)) for axis in named):
        shape.insert(axis, 1)
    return node.reshaped(input, shape, node.open_axis())


@from_onnx("Unsqueeze")
def onnx_unsqueeze(net: Builder, data: Value, axes: Any = None) -> Value:
    named = numbers(axes, ()) or []
    rank = len(data.shape) + len(named)
    places = sorted(axis % rank for axis in named if -rank <= axis < rank)
    if len(set(places)) != len(named):
        raise Refused(f"Unsqueeze of axes {named} of a tensor of {len(data.shape)} axes", "name each axis once")
    shape = list(data.shape)
    for axis in places:
        shape.insert(axis, 1)
    return reshape_to(net, data, shape)
