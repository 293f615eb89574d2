"""ONNX's Gather, GatherElements and GatherND."""

from __future__ import annotations

from math import prod

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.onnx_rules import constant_input, from_onnx
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to
from .embedding import embedding
from .index_select import select_indices
from .strided_slice import select


@from_onnx("Gather")
def onnx_gather(net: Builder, data: Operand, indices: Operand, *, axis: int = 0) -> Value:
    """Constant indices select along an axis; computed ones look rows up in a constant table."""
    axis %= len(data.shape)
    if isinstance(indices, Value):
        if isinstance(data, Value):
            raise Refused("Gather with computed indices from a computed tensor", "gather outside of the network")
        table = np.moveaxis(np.asarray(data, np.float32), axis, 0)
        rows = embedding(net, indices, np.ascontiguousarray(table.reshape(len(table), -1)))
        y = reshape_to(net, rows, (*indices.shape, *table.shape[1:]))
        count = len(indices.shape)
        order = [*range(count, count + axis), *range(count), *range(count + axis, count + table.ndim - 1)]
        return permute_to(net, y, order)
    assert isinstance(data, Value)
    size = data.shape[axis]
    if indices.size == 0 or np.any((indices < -size) | (indices >= size)):
        raise Refused(f"Gather of positions {indices.ravel()[:8].tolist()} of {size}")
    if indices.size == 1:
        place = int(indices.reshape(())) % size
        y = select(net, data, [(place, place + 1, 1) if a == axis else (0, d, 1) for a, d in enumerate(data.shape)])
    else:
        y = select_indices(net, data, axis, indices.ravel() % size)
    return reshape_to(net, y, (*data.shape[:axis], *indices.shape, *data.shape[axis + 1 :]))


@from_onnx("GatherElements")
def onnx_gather_elements(net: Builder, data: Value, indices: Operand, *, axis: int = 0) -> Value:
    index = constant_input(indices, "the indices of GatherElements")
    positions = np.arange(prod(data.shape)).reshape(data.shape)
    places = np.take_along_axis(
        positions[tuple(slice(None) if a == axis % index.ndim else slice(size) for a, size in enumerate(index.shape))],
        index % data.shape[axis],
        axis,
    )
    return at_positions(net, data, places)


@from_onnx("GatherND")
def onnx_gather_nd(net: Builder, data: Value, indices: Operand, *, batch_dims: int = 0) -> Value:
    index = constant_input(indices, "the indices of GatherND")
    if batch_dims:
        raise Refused("GatherND with batch_dims", "use batch_dims 0")
    positions = np.arange(prod(data.shape)).reshape(data.shape)
    return at_positions(net, data, np.asarray(positions[tuple(np.moveaxis(index, -1, 0))]))


def at_positions(net: Builder, x: Value, positions: np.ndarray) -> Value:
    """The numbers at `positions` of x.reshape(-1), in the shape of `positions`."""
    y = select_indices(net, reshape_to(net, x, (1, prod(x.shape)), "flat"), 1, positions.ravel())
    shaped: Value = reshape_to(net, y, positions.shape)
    return shaped
