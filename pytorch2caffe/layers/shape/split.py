"""torch.split, tensor_split and the IR's Split."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.ir_operator import IrOperator
from ...graph.onnx_rules import OnnxNode, constant_input, from_onnx
from ...graph.registry import from_ir, from_torch
from .slice import MOST_PARTS, slice_at

Sections = int | Sequence[int] | Operand


def split_at_sizes(net: Builder, input: Value, sizes: Sequence[int], dim: int) -> list[Value]:
    return slice_at(net, input, dim, list(accumulate(sizes))[:-1])


@from_torch(
    "torch.split",
    "torch.Tensor.split",
    "torch.functional.split",
    "torch.split_with_sizes",
    "torch.Tensor.split_with_sizes",
    "torch.unsafe_split",
    "torch.Tensor.unsafe_split",
    "torch.unsafe_split_with_sizes",
    "torch.Tensor.unsafe_split_with_sizes",
)
def split(net: Builder, tensor: Value, split_size_or_sections: int | Sequence[int], dim: int = 0) -> list[Value]:
    dim %= len(tensor.shape)
    size = tensor.shape[dim]
    if isinstance(split_size_or_sections, int):
        step = split_size_or_sections
        sizes = [min(step, size - start) for start in range(0, size, step)]
    else:
        sizes = list(split_size_or_sections)
    return split_at_sizes(net, tensor, sizes, dim)


@from_torch("torch.tensor_split", "torch.Tensor.tensor_split")
def tensor_split(
    net: Builder,
    input: Value,
    indices_or_sections: Sections | None = None,
    dim: int = 0,
    *,
    indices: Sections | None = None,
    sections: Sections | None = None,
) -> list[Value]:
    given = next(i for i in (indices_or_sections, indices, sections) if i is not None)
    if isinstance(given, Value):
        raise Refused("tensor_split at positions that depend on the input", "use numbers")
    dim %= len(input.shape)
    size = input.shape[dim]
    points = np.asarray(given).tolist()
    if isinstance(points, int):
        few, more = divmod(size, points)
        return split_at_sizes(net, input, [few + (i < more) for i in range(points)], dim)
    ends = [slice(point).indices(size)[1] for point in points]
    if sorted(ends) != ends:
        raise Refused("tensor_split at positions that are not in order", "sort them")
    return slice_at(net, input, dim, ends)


@from_torch("torch.hsplit", "torch.Tensor.hsplit")
def hsplit(net: Builder, input: Value, indices_or_sections: Sections | None = None, **named: Sections) -> list[Value]:
    return tensor_split(net, input, indices_or_sections, 0 if len(input.shape) == 1 else 1, **named)


@from_torch("torch.vsplit", "torch.Tensor.vsplit")
def vsplit(net: Builder, input: Value, indices_or_sections: Sections | None = None, **named: Sections) -> list[Value]:
    return tensor_split(net, input, indices_or_sections, 0, **named)


@from_torch("torch.dsplit", "torch.Tensor.dsplit")
def dsplit(net: Builder, input: Value, indices_or_sections: Sections | None = None, **named: Sections) -> list[Value]:
    return tensor_split(net, input, indices_or_sections, 2, **named)


@from_ir("Split", "SplitV")
def ir_split(net: Builder, node: IrOperator, input: Value) -> list[Value]:
    """Into a number of equal parts (`split`, `num_split`), or of the sizes `size_splits`."""
    axis = node.axis(input, node.integer("axis"))
    size = input.shape[axis]
    if "size_splits" in node:
        sizes = node.integers("size_splits")
        sizes = [size - sum(s for s in sizes if s != -1) if s == -1 else s for s in sizes]
    else:
        count = node.integer("split" if "split" in node else "num_split")
        if not 0 < count <= MOST_PARTS:
            raise Refused(f"{node.op} into {count} parts", f"use at most {MOST_PARTS}")
        sizes = [size // count] * count
    if sum(sizes) != size or min(sizes, default=0) < 1 or len(sizes) > MOST_PARTS:
        raise Refused(f"{node.op} of {size} into {len(sizes)} parts of {sizes[:1]}", "correct its split")
    return split_at_sizes(net, input, sizes, axis)


@from_onnx("Split")
def onnx_split(
    net: Builder, input: Value, split: Any = None, *, node: OnnxNode, axis: int = 0, num_outputs: int = 0
) -> list[Value]:
    """Into parts of the sizes `split`, or into equal ones, of which the last may be smaller."""
    axis %= len(input.shape)
    size = input.shape[axis]
    if split is not None:
        sizes = [int(s) for s in np.ravel(constant_input(split, "the sizes of Split"))]
    else:
        count = num_outputs or node.outputs
        step = -(-size // max(count, 1))
        sizes = [min(step, size - step * i) for i in range(min(count, MOST_PARTS))]
    if sum(sizes) != size or min(sizes, default=0) < 1 or len(sizes) > MOST_PARTS:
        raise Refused(f"Split of {size} into {len(sizes)} parts of {sizes[:8]}", "give sizes that add up to the axis")
    return split_at_sizes(net, input, sizes, axis)
