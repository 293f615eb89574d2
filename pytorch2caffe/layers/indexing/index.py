"""Indexing with constant arrays: x[:, [2, 1, 0]], x[mask], and writing where they point."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..elementwise.arithmetic import arithmetic
from ..linear.linear_map import linear_map, select_indices
from ..shape.concat import Concat
from ..shape.expand import expand_to
from ..shape.reshape import reshape_to
from .getitem import DATA_SHAPED, ranges_of
from .strided_slice import select


def items_of(index: Any) -> Any:
    """The parts of an index, and whether an array, of more than one number, is among them; lists become arrays."""
    parts = list(index) if isinstance(index, tuple) else [index]
    for i, part in enumerate(parts):
        if isinstance(part, list) and all(isinstance(n, (int, bool)) for n in part):
            parts[i] = np.array(part, bool if part and isinstance(part[0], bool) else np.int64)
        if isinstance(part, Value):
            raise Refused("an index or mask that depends on the input", DATA_SHAPED)
        if isinstance(parts[i], tuple):
            raise Refused("an index within an index", "use tensors as indices")
        if isinstance(parts[i], np.ndarray) and parts[i].ndim == 0 and parts[i].dtype != bool:
            parts[i] = int(parts[i])
    return parts, any(isinstance(part, np.ndarray) for part in parts)


def places_of(shape: Sequence[int], parts: Any) -> Any:
    """What an index with arrays points at, as positions in x.reshape(-1): an array of the result's shape."""
    arrays = tuple(p.astype(np.int64) if isinstance(p, np.ndarray) and p.dtype != bool else p for p in parts)
    at = np.arange(prod(shape)).reshape(shape)
    rest = [p if not isinstance(p, np.ndarray) else slice(None) for p in arrays]
    if all(p.dtype != bool for p in arrays if isinstance(p, np.ndarray)):  # PyTorch takes whole numbers first
        at = at[tuple(rest)]
        arrays = tuple(
            p if isinstance(p, np.ndarray) or p is Ellipsis else slice(None) for p in arrays if not isinstance(p, int)
        )
    elif any(isinstance(p, int) for p in arrays):
        raise Refused("an index with a mask and a number", "index twice")
    return at[arrays]


def take(net: Builder, x: Value, parts: Any) -> Any:
    """x[parts] with arrays among the parts: along one axis where one points into one, else of all numbers in a row."""
    arrays = [p for p in parts if isinstance(p, np.ndarray)]
    if len(arrays) > 1 or arrays[0].ndim != 1:
        places = places_of(x.shape, parts)
        y = select_indices(net, reshape_to(net, x, (1, prod(x.shape)), "flat"), 1, places.ravel())
        return reshape_to(net, y, places.shape)
    whole = [slice(None) if p is arrays[0] else p for p in parts]
    ranges, shape = ranges_of(x.shape, tuple(whole))
    place = next(i for i, p in enumerate(parts) if p is arrays[0])
    if any(p is Ellipsis for p in parts[:place]):  # counted from behind
        axis = len(shape) - sum(not isinstance(p, int) for p in parts[place:])
    else:
        axis = sum(not isinstance(p, int) for p in parts[:place])
    indices = np.flatnonzero(arrays[0]) if arrays[0].dtype == bool else arrays[0]
    return select_indices(net, reshape_to(net, select(net, x, ranges), shape), axis, indices)


@from_torch("torch.Tensor.__getitem__")
def getitem(net: Builder, input: Value, index: Any) -> Any:
    """One StridedSlice and, for integers and None, one Reshape; arrays choose positions one by one."""
    if not isinstance(input, Value):
        raise Refused("an index that depends on the input", "index with numbers")
    parts, arrays = items_of(index)
    if arrays:
        return take(net, input, parts)
    ranges, shape = ranges_of(input.shape, tuple(parts))
    return reshape_to(net, select(net, input, ranges), shape)


def put(net: Builder, x: Value, places: Any, value: Any) -> Any:
    """X with the numbers at `places` of x.reshape(-1) replaced by value, which broadcasts to places.shape."""
    if len(np.unique(places)) < places.size:
        raise Refused("writing twice to one position", "let each index stand once")
    size = prod(x.shape)
    order = np.arange(size)
    order[places.ravel()] = size + np.arange(places.size)
    flat = reshape_to(net, x, (1, size), "flat")
    both = net.add(Concat(1), flat, _row(net, value, places.shape), name="both")
    return reshape_to(net, select_indices(net, both, 1, order), x.shape)


def add_at(net: Builder, x: Value, places: Any, value: Any) -> Any:
    """X with value, which broadcasts to places.shape, added to the numbers at `places` of x.reshape(-1)."""
    matrix = np.zeros((prod(x.shape), places.size), np.float32)
    matrix[places.ravel(), np.arange(places.size)] = 1
    summed = linear_map(net, _row(net, value, places.shape), 1, matrix, name="placed")
    return arithmetic(net, "add", x, reshape_to(net, summed, x.shape, "added"))


def _row(net: Builder, value: Any, shape: Sequence[int]) -> Any:
    value = value if isinstance(value, Value) else net.constant(np.broadcast_to(value, shape))
    return reshape_to(net, expand_to(net, value, shape), (1, prod(shape)), "values")


def along(net: Builder, x: Value, dim: int, index: Any, source: Any) -> Any:
    """x with its positions `index` along an axis replaced by those of source, one behind the other."""
    dim %= len(x.shape)
    index = np.ravel(index).astype(int) % x.shape[dim]
    if len(set(index)) < len(index):
        raise Refused("writing twice to one position", "let each index stand once")
    source = source if isinstance(source, Value) else net.constant(source)
    order = np.arange(x.shape[dim])
    order[index] = x.shape[dim] + np.arange(len(index))
    return select_indices(net, net.add(Concat(dim), x, source, name="both"), dim, order)


def _constant_index(net: Builder, name: str, input: Value, *index: Any) -> Any:
    if any(isinstance(i, Value) for i in index):
        raise Refused(f"{name} with an index that depends on the input", "use a constant index")
    if not input.shape:
        raise Refused(f"{name} of one number without axes", "give it an axis")
    return input if isinstance(input, Value) else net.constant(input)


def _part(x: Value, dim: int, count: int) -> Any:
    return (*x.shape[:dim], count, *x.shape[dim + 1 :])


@from_torch("torch.index_copy", "torch.Tensor.index_copy")
def index_copy(net: Builder, input: Value, dim: int, index: Any, source: Any) -> Any:
    x = _constant_index(net, "index_copy", input, index)
    return along(net, x, dim, index, source)


@from_torch("torch.index_fill", "torch.Tensor.index_fill")
def index_fill(net: Builder, input: Value, dim: int, index: Any, value: Any) -> Any:
    x = _constant_index(net, "index_fill", input, index)
    dim %= len(x.shape)
    index = np.unique(np.ravel(index) % x.shape[dim])
    shape = _part(x, dim, len(index))
    value = expand_to(net, value, shape) if isinstance(value, Value) else np.full(shape, value, np.float32)
    return along(net, x, dim, index, value)


@from_torch("torch.index_add", "torch.Tensor.index_add")
def index_add(net: Builder, input: Value, dim: int, index: Any, source: Any, *, alpha: float = 1) -> Any:
    """input + alpha * M source, M with a 1 in row index[i] of column i."""
    x = _constant_index(net, "index_add", input, index)
    index = np.ravel(index).astype(int)
    matrix = np.zeros((x.shape[dim], len(index)), np.float32)
    matrix[index, np.arange(len(index))] = alpha
    if isinstance(source, Value):
        return arithmetic(net, "add", x, linear_map(net, source, dim, matrix, name="placed"))
    return arithmetic(net, "add", x, np.moveaxis(np.tensordot(matrix, source, ([1], [dim])), 0, dim))


@from_torch("torch.index_put", "torch.Tensor.index_put", "torch.Tensor.index_put_")
def index_put(net: Builder, input: Value, indices: Operand, values: Operand, accumulate: bool = False) -> Any:
    parts, _ = items_of(tuple(slice(None) if i is None else i for i in indices))
    x = _constant_index(net, "index_put", input, *parts)
    places = places_of(x.shape, parts)
    return (add_at if accumulate else put)(net, x, places, values)


@from_torch("torch.select_scatter", "torch.Tensor.select_scatter")
def select_scatter(net: Builder, input: Value, src: Operand, dim: int, index: Any) -> Any:
    x = _constant_index(net, "select_scatter", input, index)
    dim %= len(x.shape)
    src = src if isinstance(src, Value) else net.constant(src)
    return along(net, x, dim, [int(index)], reshape_to(net, src, _part(x, dim, 1), "part"))


@from_torch("torch.slice_scatter", "torch.Tensor.slice_scatter")
def slice_scatter(
    net: Builder, input: Value, src: Operand, dim: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Any:
    x = _constant_index(net, "slice_scatter", input, start, end)
    return along(net, x, dim, range(*slice(start, end, step).indices(x.shape[dim])), src)


def _scattered(net: Builder, name: str, input: Value, dim: int, index: Any, src: Any) -> Any:
    """Where scatter writes in x.reshape(-1), and what."""
    x = _constant_index(net, name, input, index)
    dim %= len(x.shape)
    at = list(np.indices(index.shape))
    at[dim] = index.astype(int)
    places = np.ravel_multi_index(at, x.shape)
    if isinstance(src, Value) and src.shape:
        src = select(net, src, [(0, size, 1) for size in index.shape])
    elif not isinstance(src, Value) and np.ndim(src):
        src = src[tuple(slice(size) for size in index.shape)]
    return x, places, src


@from_torch("torch.scatter", "torch.Tensor.scatter")
def scatter(
    net: Builder,
    input: Value,
    dim: Any,
    index: Any,
    src: Operand | None = None,
    *,
    value: Any = None,
    reduce: Any = None,
) -> Any:
    x, places, src = _scattered(net, "scatter", input, dim, index, value if src is None else src)
    if reduce is not None:
        raise Refused(f"scatter with reduce={reduce!r}", "use scatter_add")
    return put(net, x, places, src)


@from_torch("torch.scatter_add", "torch.Tensor.scatter_add")
def scatter_add(net: Builder, input: Value, dim: int, index: Any, src: Operand) -> Any:
    x, places, src = _scattered(net, "scatter_add", input, dim, index, src)
    return add_at(net, x, places, src)
