"""Operators on constants, computed while the graph is read: arithmetic, comparisons, reductions, products.

Those that move numbers are in fold_arrays.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.registry import register_in
from ..folding import ELEMENTWISE
from .node import BATCH, DEPENDS_ON_BATCH, TfNode

LARGEST = 1 << 27  # numbers in a constant that is computed
Arrays = Sequence[np.ndarray]
FOLD: dict[str, Callable[[TfNode, Arrays], Any]] = {}
DTYPES = {1: "f4", 2: "f4", 19: "f4", 14: "f4", 3: "i8", 9: "i8", 4: "i8", 5: "i8", 6: "i8", 17: "i8", 10: "?"}


def folds(*ops: str) -> Callable[[Callable[[TfNode, Arrays], Any]], Callable[[TfNode, Arrays], Any]]:
    """Registers a function that computes an operator from arrays; it returns an array, or a list of outputs."""
    return register_in(FOLD, ops)


def fold(node: TfNode, arrays: Arrays) -> list[np.ndarray]:
    """The outputs of a node whose inputs are all constant. Raises Refused if they depend on the batch's size."""
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
    """The shape of a constant to be computed; raises Refused if it is too large."""
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


@folds("MatMul")
def matmul(node: TfNode, arrays: Arrays) -> np.ndarray:
    a, b = (x.T if node.flag(key) else x for x, key in zip(arrays, ("transpose_a", "transpose_b"), strict=True))
    bounded([a.shape[0], b.shape[1]])
    return a @ b
