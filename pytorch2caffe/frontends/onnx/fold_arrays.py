"""Operators that move numbers of constants: shapes, slices, joins, padding, indexing."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np

from ...errors import Refused
from .fold import floor_mod, folds
from .tensors import bounded

MOST_PARTS = 10_000
PAD_MODES = {"constant": "constant", "reflect": "reflect", "edge": "edge", "wrap": "wrap"}


def _ints(array: Any) -> list[int]:
    return [int(n) for n in np.ravel(array)]


@folds("Identity", "StopGradient")
def identity(input: np.ndarray) -> np.ndarray:
    return input


@folds("Dropout")
def dropout(data: np.ndarray, ratio: Any = 0.5, training_mode: Any = None, seed: int = 0) -> list[np.ndarray]:
    if training_mode is not None and np.any(training_mode) and np.any(ratio):
        raise Refused("Dropout in training is random", "export the network in eval mode")
    return [data, np.ones(data.shape, bool)]


@folds("Shape")
def shape_of(data: np.ndarray, start: int = 0, end: int | None = None) -> np.ndarray:
    return np.array(data.shape[slice(start, end)], np.int64)


@folds("Size")
def size_of(data: np.ndarray) -> np.ndarray:
    return np.array(data.size, np.int64)


@folds("Reshape")
def reshape(data: np.ndarray, shape: Any = None, allowzero: int = 0) -> np.ndarray:
    sizes = _ints(shape)
    if not allowzero:
        sizes = [data.shape[axis] if size == 0 else size for axis, size in enumerate(sizes)]
    return data.reshape(sizes)


@folds("Flatten")
def flatten(input: np.ndarray, axis: int = 1) -> np.ndarray:
    axis = axis + input.ndim if axis < 0 else axis
    return input.reshape(int(np.prod(input.shape[:axis])), -1)


@folds("Transpose")
def transpose(data: np.ndarray, perm: list[int] | None = None) -> np.ndarray:
    return data.transpose(perm)


@folds("Squeeze")
def squeeze(data: np.ndarray, axes: Any = None) -> np.ndarray:
    return np.squeeze(data, None if axes is None else tuple(_ints(axes)))


@folds("Unsqueeze")
def unsqueeze(data: np.ndarray, axes: Any = None) -> np.ndarray:
    return np.expand_dims(data, tuple(_ints(axes)))


@folds("Concat")
def concat(*arrays: np.ndarray, axis: int = 1) -> np.ndarray:
    bounded([sum(array.size for array in arrays)])
    return np.concatenate(arrays, axis)


@folds("Split")
def split(input: np.ndarray, split: Any = None, axis: int = 0, num_outputs: int = 0, node: Any = None) -> Any:
    size, parts = input.shape[axis], num_outputs or node.outputs
    if not 0 < parts <= MOST_PARTS:
        raise Refused(f"{parts} parts of one tensor")
    step = -(-size // parts)
    sizes = _ints(split) if split is not None else [min(step, size - step * i) for i in range(parts)]
    if sum(sizes) != size or min(sizes) < 0:
        raise Refused(f"parts of {sizes} of {size}")
    return list(np.split(input, list(accumulate(sizes))[:-1], axis))


@folds("Slice")
def cut(data: np.ndarray, starts: Any = None, ends: Any = None, axes: Any = None, steps: Any = None) -> np.ndarray:
    return data[slices(data.ndim, starts, ends, axes, steps)]


def slices(rank: int, starts: Any, ends: Any, axes: Any = None, steps: Any = None) -> tuple[slice, ...]:
    """A Slice as a Python index of a tensor of `rank` axes. Source: ONNX, Operators.md, Slice."""
    first, last = _ints(starts), _ints(ends)
    along = _ints(axes) if axes is not None else list(range(len(first)))
    step = _ints(steps) if steps is not None else [1] * len(first)
    found = [slice(None)] * rank
    for axis, begin, end, by in zip(along, first, last, step, strict=True):
        if not -rank <= axis < rank or by == 0:
            raise Refused(f"a Slice of axis {axis} in steps of {by} of a tensor of {rank} axes")
        stop = None if by < 0 and end < -(1 << 30) else end
        found[axis] = slice(begin, stop, by)
    return tuple(found)


@folds("Gather")
def gather(data: np.ndarray, indices: np.ndarray, axis: int = 0) -> np.ndarray:
    bounded([data.size // max(data.shape[axis], 1) * max(indices.size, 1)])
    return np.take(data, indices, axis)


@folds("GatherElements")
def gather_elements(data: np.ndarray, indices: np.ndarray, axis: int = 0) -> np.ndarray:
    return np.take_along_axis(data, floor_mod(indices, data.shape[axis]), axis)


@folds("GatherND")
def gather_nd(data: np.ndarray, indices: np.ndarray, batch_dims: int = 0) -> np.ndarray:
    if batch_dims:
        lead = indices.shape[:batch_dims]
        flat = data.reshape(-1, *data.shape[batch_dims:])
        parts = [gather_nd(d, i) for d, i in zip(flat, indices.reshape(-1, *indices.shape[batch_dims:]), strict=True)]
        return np.stack(parts).reshape(lead + parts[0].shape)
    return data[tuple(np.moveaxis(indices, -1, 0))]


@folds("ScatterElements", "Scatter")
def scatter_elements(
    data: np.ndarray, indices: np.ndarray, updates: np.ndarray, axis: int = 0, reduction: str = "none"
) -> np.ndarray:
    places: list[Any] = list(np.indices(indices.shape))
    places[axis] = floor_mod(indices, data.shape[axis])
    return _written(data, tuple(places), updates, reduction)


@folds("ScatterND")
def scatter_nd(data: np.ndarray, indices: np.ndarray, updates: np.ndarray, reduction: str = "none") -> np.ndarray:
    return _written(data, tuple(np.moveaxis(indices, -1, 0)), updates, reduction)


def _written(data: np.ndarray, places: Any, updates: np.ndarray, reduction: str) -> np.ndarray:
    functions: dict[str, Any] = {"add": np.add, "mul": np.multiply, "max": np.maximum, "min": np.minimum}
    found = data.copy()
    if reduction == "none":
        found[places] = updates
    else:
        functions[reduction].at(found, places, updates)
    return found


@folds("Expand")
def expand(input: np.ndarray, shape: np.ndarray) -> np.ndarray:
    return np.array(np.broadcast_to(input, bounded(np.broadcast_shapes(input.shape, tuple(_ints(shape))))))


@folds("Tile")
def tile(input: np.ndarray, repeats: np.ndarray) -> np.ndarray:
    bounded([size * count for size, count in zip(input.shape, _ints(repeats), strict=True)])
    return np.tile(input, _ints(repeats))


@folds("Pad")
def pad(
    data: np.ndarray,
    pads: Any = None,
    constant_value: Any = None,
    axes: Any = None,
    mode: str = "constant",
    value: float = 0.0,
) -> np.ndarray:
    sizes = _ints(pads)
    along = _ints(axes) if axes is not None else list(range(data.ndim))
    pairs = [(0, 0)] * data.ndim
    for axis, before, after in zip(along, sizes, sizes[len(along) :], strict=False):
        pairs[axis] = (before, after)
    bounded([size + max(sum(pair), 0) for size, pair in zip(data.shape, pairs, strict=True)])
    kept = tuple(slice(max(-a, 0), size - max(-b, 0)) for size, (a, b) in zip(data.shape, pairs, strict=True))
    added = [(max(a, 0), max(b, 0)) for a, b in pairs]
    fill = {"constant_values": value if constant_value is None else constant_value} if mode == "constant" else {}
    how: Any = PAD_MODES[mode]
    return np.pad(data[kept], added, how, **fill)


@folds("NonZero")
def non_zero(X: np.ndarray) -> np.ndarray:
    return np.array(np.nonzero(np.atleast_1d(X)), np.int64)


@folds("TopK")
def top_k(X: np.ndarray, K: Any = None, axis: int = -1, largest: int = 1, sorted: int = 1, k: int = 0) -> Any:
    count = k or int(np.ravel(K)[0])
    order = np.argsort(np.flip(X, axis) if largest else X, axis, kind="stable")
    order = X.shape[axis] - 1 - np.flip(order, axis) if largest else order
    order = order.take(range(count), axis)
    return [np.take_along_axis(X, order, axis), order.astype(np.int64)]


@folds("Trilu")
def trilu(input: np.ndarray, k: Any = None, upper: int = 1) -> np.ndarray:
    return (np.triu if upper else np.tril)(input, 0 if k is None else int(np.ravel(k)[0]))


@folds("ReverseSequence")
def reverse_sequence(
    input: np.ndarray, sequence_lens: np.ndarray, batch_axis: int = 1, time_axis: int = 0
) -> np.ndarray:
    x = np.moveaxis(input, (batch_axis, time_axis), (0, 1)).copy()
    for row, length in zip(x, _ints(sequence_lens), strict=True):
        row[:length] = row[:length][::-1]
    return np.moveaxis(x, (0, 1), (batch_axis, time_axis))
