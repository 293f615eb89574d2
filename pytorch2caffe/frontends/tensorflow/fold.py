"""Operators on constants, computed while the graph is read: arithmetic on shapes and on weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.registry import register_in
from .node import BATCH, DEPENDS_ON_BATCH, TfNode

LARGEST = 1 << 27  # numbers in a constant that is computed
MOST_PARTS = 10_000  # that one tensor is split into
Arrays = Sequence[np.ndarray]
FOLD: dict[str, Callable[[TfNode, Arrays], Any]] = {}
DTYPES = {1: "f4", 2: "f4", 19: "f4", 14: "f4", 3: "i8", 9: "i8", 4: "i8", 5: "i8", 6: "i8", 17: "i8", 10: "?"}


def folds(*ops: str) -> Callable[[Callable[[TfNode, Arrays], Any]], Callable[[TfNode, Arrays], Any]]:
    """Registers what computes an operator from arrays; several results come as a list."""
    return register_in(FOLD, ops)


def fold(node: TfNode, arrays: Arrays) -> list[np.ndarray]:
    """The outputs of a node whose inputs are all constant. Raises Refused where the batch's size would decide."""
    if node.op in SIZE_MATTERS and any(_depends_on_batch(array) for array in arrays):
        found = FOLD[node.op](node, arrays)
        if node.op not in ("FloorDiv", "Div", "RealDiv") or not _multiple(found) or not _multiple(arrays[0]):
            raise Refused(f"{node.op} of a size that depends on the batch", "fix the batch size: give --inputShape")
    else:
        with np.errstate(all="ignore"):
            found = FOLD[node.op](node, arrays)
    return [np.asarray(array) for array in (found if isinstance(found, list) else [found])]


def _depends_on_batch(array: np.ndarray) -> bool:
    return array.dtype.kind == "i" and bool(np.any(np.abs(array) >= DEPENDS_ON_BATCH))


def _multiple(array: Any) -> bool:
    return not np.any((np.asarray(array) % BATCH)[np.abs(array) >= DEPENDS_ON_BATCH])


SIZE_MATTERS = {
    "Mod",
    "FloorMod",
    "FloorDiv",
    "Div",
    "RealDiv",
    "TruncateDiv",
    "Minimum",
    "Maximum",
    "Min",
    "Max",
    "Cast",
    "Range",
    "Equal",
    "NotEqual",
    "Greater",
    "GreaterEqual",
    "Less",
    "LessEqual",
    "Fill",
    "Tile",
    "BroadcastTo",
    "Reshape",
}


def bounded(shape: Sequence[int]) -> tuple[int, ...]:
    """A shape of a constant that is to be made; raises Refused if it would be too large."""
    size = 1
    for dim in shape:
        size *= int(dim)
    if size > LARGEST or any(dim < 0 for dim in shape):
        raise Refused(f"a constant of shape {[int(d) for d in shape]}", "fix the batch size: give --inputShape with it")
    return tuple(int(dim) for dim in shape)


def _elementwise(function: Callable[..., Any]) -> Callable[[TfNode, Arrays], Any]:
    def compute(node: TfNode, arrays: Arrays) -> Any:
        bounded(np.broadcast_shapes(*(array.shape for array in arrays)))
        return function(*arrays)

    return compute


def _divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind == "f":
        return a / b
    if not np.all(b):
        raise Refused("a division by zero")
    return np.sign(a) * np.sign(b) * (np.abs(a) // np.abs(b))


def _whole_divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind != "f" and not np.all(b):
        raise Refused("a division by zero")
    return np.floor_divide(a, b)


def _modulo(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind != "f" and not np.all(b):
        raise Refused("a division by zero")
    return np.mod(a, b)


ELEMENTWISE: dict[str, Callable[..., Any]] = {
    "Add": np.add,
    "AddV2": np.add,
    "BiasAdd": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "RealDiv": _divide,
    "Div": _divide,
    "TruncateDiv": _divide,
    "FloorDiv": _whole_divide,
    "FloorMod": _modulo,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
    "Pow": np.power,
    "SquaredDifference": lambda a, b: np.square(a - b),
    "Neg": np.negative,
    "Abs": np.abs,
    "Sqrt": np.sqrt,
    "Rsqrt": lambda a: np.reciprocal(np.sqrt(a)),
    "Square": np.square,
    "Exp": np.exp,
    "Log": np.log,
    "Floor": np.floor,
    "Ceil": np.ceil,
    "Round": np.round,
    "Rint": np.rint,
    "Sign": np.sign,
    "Reciprocal": np.reciprocal,
    "Inv": np.reciprocal,
    "Tanh": np.tanh,
    "Sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "Relu": lambda a: np.maximum(a, 0),
    "Relu6": lambda a: np.clip(a, 0, 6),
    "Sin": np.sin,
    "Cos": np.cos,
    "Softplus": lambda a: np.logaddexp(a, np.zeros_like(a)),
    "Equal": np.equal,
    "NotEqual": np.not_equal,
    "Greater": np.greater,
    "GreaterEqual": np.greater_equal,
    "Less": np.less,
    "LessEqual": np.less_equal,
    "LogicalAnd": np.logical_and,
    "LogicalOr": np.logical_or,
    "LogicalNot": np.logical_not,
    "SelectV2": np.where,
    "ZerosLike": np.zeros_like,
    "OnesLike": np.ones_like,
    "AddN": lambda *arrays: sum(arrays[1:], arrays[0]),
}
FOLD.update({op: _elementwise(function) for op, function in ELEMENTWISE.items()})


@folds("Select")
def select(node: TfNode, arrays: Arrays) -> np.ndarray:
    choice, yes, no = arrays
    if choice.ndim == 1:
        choice = choice.reshape(-1, *[1] * (yes.ndim - 1))
    bounded(np.broadcast_shapes(choice.shape, yes.shape, no.shape))
    return np.where(choice, yes, no)


@folds("Cast")
def cast(node: TfNode, arrays: Arrays) -> np.ndarray:
    if node.dtype("DstT") not in DTYPES:
        raise Refused(f"a cast to data type {node.dtype('DstT')}")
    return arrays[0].astype(DTYPES[node.dtype("DstT")])


@folds("Sum", "Mean", "Prod", "Max", "Min", "All", "Any")
def reduce(node: TfNode, arrays: Arrays) -> np.ndarray:
    array, axes = arrays
    function = getattr(np, {"All": "all", "Any": "any"}.get(node.op, node.op.lower()))
    return function(array, axis=tuple(int(a) for a in axes.reshape(-1)), keepdims=node.flag("keep_dims"))


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


def few(parts: int) -> int:
    """A number of outputs; raises Refused for more than any network has."""
    if not 0 < parts <= MOST_PARTS:
        raise Refused(f"{parts} parts of one tensor")
    return parts


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
    """A StridedSlice as Python's index. Its masks hold a bit for each entry of begin."""
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


@folds("MatMul")
def matmul(node: TfNode, arrays: Arrays) -> np.ndarray:
    a, b = (x.T if node.flag(key) else x for x, key in zip(arrays, ("transpose_a", "transpose_b"), strict=True))
    bounded([a.shape[0], b.shape[1]])
    return a @ b
