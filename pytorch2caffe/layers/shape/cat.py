"""torch.cat and the IR's Concat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.ir_operator import IrOperator
from ...graph.onnx_rules import from_onnx
from ...graph.registry import from_ir, from_torch
from .concat import Concat


@from_torch("torch.cat", "torch.concat", "torch.concatenate")
def cat(net: Builder, tensors: Sequence[Operand], dim: int = 0) -> Value:
    values = [t if isinstance(t, Value) else net.constant(t) for t in tensors if 0 not in t.shape]
    return net.add(Concat(dim % len(values[0].shape)), *values) if len(values) > 1 else values[0]


# An axis as MMdnn's Caffe parser writes it (converted to NHWC) -> the axis in Caffe's NCHW
CAFFE_AXES = {
    3: 1,
    1: 2,
    0: 3,
    2: 0,
}


@from_ir("Concat", "ConcatV2")
def ir_concat(net: Builder, node: IrOperator, *inputs: Value) -> Value:
    rank = len(inputs[0].shape)
    axis = node.integer("axis")
    if node.source == "caffe":
        return cat(net, inputs, _axis_of_caffe(node, inputs, axis, rank))
    return cat(net, inputs, node.axis(inputs[0], axis))


def _axis_of_caffe(node: IrOperator, inputs: Sequence[Value], axis: int, rank: int) -> int:
    """The Graph's axis: with 4 axes, the one that gives the shape in the file."""
    if rank < 4:
        caffe_axis = CAFFE_AXES.get(axis, axis)
        return caffe_axis if caffe_axis < rank else node.axis(inputs[0], axis)
    candidates = [a for a in dict.fromkeys((node.axis(inputs[0], axis), CAFFE_AXES.get(axis, 1))) if a]
    wanted = node.output_shape()
    for candidate in candidates:
        shape = list(inputs[0].shape)
        shape[candidate] = sum(x.shape[candidate] for x in inputs)
        if wanted is None or list(wanted[1:]) == [*shape[2:], shape[1]]:
            return candidate
    raise Refused(f"Concat along axis {axis}: no axis gives the output shape in the file, {wanted}", "correct the axis")


@from_onnx("Concat")
def onnx_concat(net: Builder, *inputs: Operand, axis: int = 1) -> Value:
    """Tensors without elements add nothing."""
    parts = [x for x in inputs if isinstance(x, Value) or np.size(x)]
    rank = len(parts[0].shape)
    if not -rank <= axis < rank:
        raise Refused(f"Concat along axis {axis} of tensors of {rank} axes")
    return cat(net, parts, axis)
