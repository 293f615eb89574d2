"""Operators that move numbers of constants: shapes, slices, joins, padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from .fold import Arrays, bounded, folds
from .node import TfNode

MOST_PARTS = 10_000  # that one tensor is split into


def few(parts: int) -> int:
    """A number of outputs; raises Refused for none, and for more than networks have."""
    if not 0 < parts <= MOST_PARTS:
        raise Refused(f"{parts} parts of one tensor")
    return parts


@folds("Pack")
def pack(node: TfNode, arrays: Arrays) -> np.ndarray:
    bounded([sum(array.size for array in arrays)])
    return np.stack(arrays, node.integer("axis"))


@folds("Unpack")
def unpack(node: TfNode, arrays: Arrays) -> list[np.ndarray]:
    axis = node.integer("axis")
    few(arrays[0].shape[axis])
    return [np.take(arrays[0], index, axis) for index in range(arrays[0].shape[axis])]


@folds("ConcatV2", "Concat")
def concat(node: TfNode, arrays: Arrays) -> np.ndarray:
    *parts, axis = arrays if node.op == "ConcatV2" else (*arrays[1:], arrays[0])
    bounded([sum(part.size for part in parts)])
    return np.concatenate(parts, int(axis))


@folds("Split")
def split(node: TfNode, arrays: Arrays) -> list[np.ndarray]:
    return list(np.split(arrays[1], few(node.integer("num_split")), int(arrays[0])))


@folds("SplitV")
def split_at(node: TfNode, arrays: Arrays) -> list[np.ndarray]:
    few(arrays[1].size)
    sizes = part_sizes([int(s) for s in arrays[1]], arrays[0].shape[int(arrays[2])])
    return list(np.split(arrays[0], np.cumsum(sizes)[:-1], int(arrays[2])))


def part_sizes(sizes: Sequence[int], total: int) -> list[int]:
    """The sizes of a SplitV, of which one may be -1: the rest."""
    rest = total - sum(size for size in sizes if size >= 0)
    found = [rest if size == -1 else size for size in sizes]
    if sum(found) != total or min(found, default=-1) < 0 or sum(size == -1 for size in sizes) > 1:
        raise Refused(f"parts of {list(sizes)} of {total}")
    return found


@folds("Reshape")
def reshape(node: TfNode, arrays: Arrays) -> np.ndarray:
    return arrays[0].reshape([int(d) for d in arrays[1].reshape(-1)])


@folds("ExpandDims")
def expand_dims(node: TfNode, arrays: Arrays) -> np.ndarray:
    return np.expand_dims(arrays[0], int(arrays[1].reshape(())))


@folds("Squeeze")
def squeeze(node: TfNode, arrays: Arrays) -> np.ndarray:
    return np.squeeze(arrays[0], tuple(node.integers("squeeze_dims")) or None)


@folds("Transpose")
def transpose(node: TfNode, arrays: Arrays) -> np.ndarray:
    return arrays[0].transpose([int(a) for a in arrays[1]])


@folds("ReverseV2")
def reverse(node: TfNode, arrays: Arrays) -> np.ndarray:
    return np.flip(arrays[0], tuple(int(a) for a in arrays[1].reshape(-1)))


@folds("InvertPermutation")
def invert_permutation(node: TfNode, arrays: Arrays) -> np.ndarray:
    return np.argsort(arrays[0])


@folds("Fill")
def fill(node: TfNode, arrays: Arrays) -> np.ndarray:
    return np.broadcast_to(arrays[1], bounded(arrays[0].tolist()))


@folds("BroadcastTo")
def broadcast_to(node: TfNode, arrays: Arrays) -> np.ndarray:
    return np.broadcast_to(arrays[0], bounded(arrays[1].tolist()))


@folds("OneHot")
def one_hot(node: TfNode, arrays: Arrays) -> np.ndarray:
    bounded([*arrays[0].shape, int(arrays[1])])
    chosen = arrays[0][..., None] == np.arange(int(arrays[1]))
    return np.moveaxis(np.where(chosen, *arrays[2:]), -1, node.integer("axis", -1))


@folds("BroadcastArgs")
def broadcast_args(node: TfNode, arrays: Arrays) -> np.ndarray:
    return np.array(np.broadcast_shapes(*(tuple(int(d) for d in array) for array in arrays)))


@folds("Tile")
def tile(node: TfNode, arrays: Arrays) -> np.ndarray:
    bounded([size * int(times) for size, times in zip(arrays[0].shape, arrays[1], strict=True)])
    return np.tile(arrays[0], arrays[1].tolist())


@folds("Range")
def count(node: TfNode, arrays: Arrays) -> np.ndarray:
    start, stop, step = (array.reshape(()) for array in arrays)
    if step == 0:
        raise Refused("a Range in steps of 0")
    bounded([max(0, int((stop - start) / step) + 1)])
    return np.arange(start.item(), stop.item(), step.item(), dtype=arrays[0].dtype)


@folds("Gather", "GatherV2", "ResourceGather")
def gather(node: TfNode, arrays: Arrays) -> np.ndarray:
    if node.integer("batch_dims"):
        raise Refused("GatherV2 with batch_dims")
    axis = int(arrays[2].reshape(())) if len(arrays) > 2 else 0
    bounded([arrays[0].size // max(arrays[0].shape[axis], 1) * arrays[1].size])
    return np.take(arrays[0], arrays[1], axis)


@folds("StridedSlice")
def strided_slice(node: TfNode, arrays: Arrays) -> np.ndarray:
    begin, end, step = ([int(i) for i in array] for array in arrays[1:])
    return arrays[0][tuple(slices(node, begin, end, step))]


def slices(node: TfNode, begin: Sequence[int], end: Sequence[int], step: Sequence[int]) -> list[Any]:
    """A StridedSlice as a Python index. Its masks have a bit for each entry of begin."""
    masks = {key: node.integer(f"{key}_mask") for key in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")}
    found: list[Any] = []
    for index, (b, e, s) in enumerate(zip(begin, end, step, strict=True)):
        bit = 1 << index
        if masks["ellipsis"] & bit:
            found.append(Ellipsis)
        elif masks["new_axis"] & bit:
            found.append(None)
        elif masks["shrink_axis"] & bit:
            found.append(b)
        else:
            found.append(slice(None if masks["begin"] & bit else b, None if masks["end"] & bit else e, s))
    return found


@folds("Slice")
def cut(node: TfNode, arrays: Arrays) -> np.ndarray:
    ends = [None if size == -1 else b + size for b, size in zip(arrays[1], arrays[2], strict=True)]
    return arrays[0][tuple(slice(int(b), e) for b, e in zip(arrays[1], ends, strict=True))]


@folds("Pad", "PadV2")
def pad(node: TfNode, arrays: Arrays) -> np.ndarray:
    pairs = [(int(a), int(b)) for a, b in arrays[1]]
    bounded([size + a + b for size, (a, b) in zip(arrays[0].shape, pairs, strict=True)])
    return np.pad(arrays[0], pairs, constant_values=arrays[2] if len(arrays) > 2 else 0)
