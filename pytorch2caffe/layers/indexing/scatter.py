"""torch.scatter, scatter_add, select_scatter and slice_scatter."""

from __future__ import annotations

from math import prod

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.onnx_rules import constant_input, from_onnx
from ...graph.registry import from_torch
from ..shape.reshape import reshape_to
from .overwrite import add_at, overwrite, overwrite_along, part_shape, writable
from .strided_slice import select


@from_torch("torch.scatter", "torch.Tensor.scatter")
def scatter(
    net: Builder,
    input: Operand,
    dim: int,
    index: np.ndarray,
    src: Operand | float | None = None,
    *,
    value: float = 0.0,
    reduce: str | None = None,
) -> Value:
    x, positions, source = _scattered(net, "scatter", input, dim, index, value if src is None else src)
    if reduce is not None:
        raise Refused(f"scatter with reduce={reduce!r}", "use scatter_add")
    return overwrite(net, x, positions, source)


@from_torch("torch.scatter_add", "torch.Tensor.scatter_add")
def scatter_add(net: Builder, input: Operand, dim: int, index: np.ndarray, src: Operand) -> Value:
    return add_at(net, *_scattered(net, "scatter_add", input, dim, index, src))


def _scattered(
    net: Builder, name: str, input: Operand, dim: int, index: np.ndarray, src: Operand | float
) -> tuple[Value, np.ndarray, Operand | float]:
    """The tensor x that is written into, the positions in x.reshape(-1), and what is written there."""
    x = writable(net, name, input, index)
    coordinates = np.indices(index.shape)
    coordinates[dim % len(x.shape)] = index
    positions = np.asarray(np.ravel_multi_index(tuple(coordinates), x.shape))
    if isinstance(src, Value) and src.shape:
        return x, positions, select(net, src, [(0, size, 1) for size in index.shape])
    if isinstance(src, np.ndarray) and src.ndim:
        return x, positions, src[tuple(slice(size) for size in index.shape)]
    return x, positions, src


@from_torch("torch.select_scatter", "torch.Tensor.select_scatter")
def select_scatter(net: Builder, input: Operand, src: Operand, dim: int, index: int) -> Value:
    x = writable(net, "select_scatter", input, index)
    dim %= len(x.shape)
    source = src if isinstance(src, Value) else net.constant(src)
    return overwrite_along(net, x, dim, [int(index)], reshape_to(net, source, part_shape(x, dim, 1), "part"))


@from_torch("torch.slice_scatter", "torch.Tensor.slice_scatter")
def slice_scatter(
    net: Builder,
    input: Operand,
    src: Operand,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Value:
    x = writable(net, "slice_scatter", input, start, end)
    return overwrite_along(net, x, dim, range(*slice(start, end, step).indices(x.shape[dim])), src)


@from_onnx("ScatterElements", "Scatter")
def onnx_scatter_elements(
    net: Builder, data: Operand, indices: Operand, updates: Operand, *, axis: int = 0, reduction: str = "none"
) -> Value:
    index = constant_input(indices, "the indices of ScatterElements") % data.shape[axis]
    if reduction not in ("none", "add"):
        raise Refused(f"ScatterElements with reduction {reduction!r}", "use none or add")
    return (scatter_add if reduction == "add" else scatter)(net, data, axis, index, updates)


@from_onnx("ScatterND")
def onnx_scatter_nd(
    net: Builder, data: Operand, indices: Operand, updates: Operand, *, reduction: str = "none"
) -> Value:
    index = constant_input(indices, "the indices of ScatterND")
    if reduction not in ("none", "add"):
        raise Refused(f"ScatterND with reduction {reduction!r}", "use none or add")
    x = writable(net, "ScatterND", data, index)
    positions = np.arange(prod(x.shape)).reshape(x.shape)[tuple(np.moveaxis(index, -1, 0))]
    return (add_at if reduction == "add" else overwrite)(net, x, np.asarray(positions), updates)
