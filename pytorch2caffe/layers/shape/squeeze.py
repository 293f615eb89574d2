"""Axes of size 1 put in or taken out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import axes_of, from_ir, from_torch
from .reshape import reshape_to


@from_torch("torch.squeeze", "torch.squeeze_", "torch.Tensor.squeeze", "torch.Tensor.squeeze_")
def squeeze(net: Builder, input: Value, dim: Any = None) -> Any:
    dims = () if dim == () else axes_of(dim, len(input.shape))
    return reshape_to(net, input, [d for i, d in enumerate(input.shape) if d != 1 or i not in dims])


@from_torch("torch.unsqueeze", "torch.Tensor.unsqueeze", "torch.Tensor.unsqueeze_")
def unsqueeze(net: Builder, input: Value, dim: int) -> Any:
    dim %= len(input.shape) + 1
    return reshape_to(net, input, (*input.shape[:dim], 1, *input.shape[dim:]))


@from_torch("torch.atleast_1d", "torch.functional.atleast_1d")
def atleast_1d(net: Builder, *tensors: Operand) -> Any:
    return _each(net, tensors, lambda shape: shape or (1,))


@from_torch("torch.atleast_2d", "torch.functional.atleast_2d")
def atleast_2d(net: Builder, *tensors: Operand) -> Any:
    return _each(net, tensors, lambda shape: (1,) * (2 - len(shape)) + shape)


@from_torch("torch.atleast_3d", "torch.functional.atleast_3d")
def atleast_3d(net: Builder, *tensors: Operand) -> Any:
    """A row becomes [1, n, 1], a table [m, n, 1]."""
    return _each(net, tensors, lambda shape: ((1,) * (2 - len(shape)) + shape + (1,))[: max(3, len(shape))])


def _each(net: Builder, tensors: Sequence[Value], shaped: Any) -> Any:
    """One tensor in its new shape, or a list of them."""
    if len(tensors) == 1 and not isinstance(tensors[0], (tuple, list)):
        return reshape_to(net, tensors[0], shaped(tuple(tensors[0].shape)))
    return [reshape_to(net, x, shaped(tuple(x.shape))) for x in (tensors if len(tensors) > 1 else tensors[0])]


@from_ir("Squeeze")
def ir_squeeze(net: Builder, node: IrOperator, input: Value) -> Any:
    """Axes of size 1; where the file names none, all of them but the batch."""
    shape = node.shape(input)
    named = node.integers("axes" if "axes" in node else "squeeze_dims", [])
    axes = {node.ir_axis(input, axis) for axis in named}
    if any(shape[axis] != 1 for axis in axes):
        raise Refused(f"Squeeze of axes {named} of a tensor of shape {list(shape)}", "name axes of size 1")
    axes = axes or {axis for axis, size in enumerate(shape) if axis and size == 1}
    return node.reshaped(input, [size for axis, size in enumerate(shape) if axis not in axes], node.open_axis())


@from_ir("Unsqueeze", "ExpandDims")
def ir_unsqueeze(net: Builder, node: IrOperator, input: Value) -> Any:
    named = node.integers("axes" if "axes" in node else "axis")
    shape = list(node.shape(input))
    for axis in sorted(node.ir_axis(input, axis, len(named)) for axis in named):
        shape.insert(axis, 1)
    return node.reshaped(input, shape, node.open_axis())
