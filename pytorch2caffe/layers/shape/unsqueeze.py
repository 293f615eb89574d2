"""torch.unsqueeze and the IR's ExpandDims."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.ir_operator import IrOperator
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
