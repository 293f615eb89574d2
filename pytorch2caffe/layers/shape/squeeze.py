"""torch.squeeze and the IR's Squeeze: axes of size 1 removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.ir_operator import IrOperator
from ...graph.onnx_rules import from_onnx, numbers
from ...graph.registry import axes_of, from_ir, from_torch
from .reshape import reshape_to


@from_torch("torch.squeeze", "torch.squeeze_", "torch.Tensor.squeeze", "torch.Tensor.squeeze_")
def squeeze(net: Builder, input: Value, dim: int | Sequence[int] | None = None) -> Value:
    dims: tuple[int, ...] = () if dim == () else axes_of(dim, len(input.shape))
    return reshape_to(net, input, [d for i, d in enumerate(input.shape) if d != 1 or i not in dims])


@from_ir("Squeeze")
def ir_squeeze(net: Builder, node: IrOperator, input: Value) -> Value:
    """Removes axes of size 1; where the file names none, all of them but the batch."""
    shape = node.shape(input)
    named = node.integers("axes" if "axes" in node else "squeeze_dims", [])
    axes = {node.ir_axis(input, axis) for axis in named}
    if any(shape[axis] != 1 for axis in axes):
        raise Refused(f"Squeeze of axes {named} of a tensor of shape {list(shape)}", "name axes of size 1")
    axes = axes or {axis for axis, size in enumerate(shape) if axis and size == 1}
    return node.reshaped(input, [size for axis, size in enumerate(shape) if axis not in axes], node.open_axis())


@from_onnx("Squeeze")
def onnx_squeeze(net: Builder, data: Value, axes: Any = None) -> Value:
    named = numbers(axes)
    if any(data.shape[axis] != 1 for axis in named or ()):
        raise Refused(f"Squeeze of axes {named} of a tensor of shape {list(data.shape)}", "name axes of size 1")
    return squeeze(net, data, tuple(named) if named is not None else None)
