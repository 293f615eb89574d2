"""Operators on constants, computed with numpy while the graph is read: what exporters write to compute shapes.

Parameters are the operator's inputs and attributes by their names in ONNX. Those that move numbers are in
fold_arrays.py. An operator on constants that has no function here is computed by its layers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.registry import register_in
from ..folding import ELEMENTWISE, modulo
from .files import dtype_of
from .tensors import Tensor, bounded

FOLD: dict[str, Callable[..., Any]] = {}


def folds(*ops: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers `function(*arrays, **attributes)`, which returns an array, or a list of the outputs."""
    return register_in(FOLD, ops)


def _elementwise(function: Callable[..., Any]) -> Callable[..., Any]:
    def compute(*arrays: np.ndarray) -> Any:
        bounded(np.broadcast_shapes(*(array.shape for array in arrays)))
        return function(*arrays)

    return compute


# Operators whose names and meaning are those of `ELEMENTWISE`.
_SAME = """
    Add Sub Mul Div Pow Neg Abs Sqrt Exp Log Floor Ceil Round Sign Reciprocal Tanh Sigmoid Relu Sin Cos Softplus
    Equal Greater Less
"""
FOLD.update({op: _elementwise(ELEMENTWISE[op]) for op in _SAME.split()})
_OTHERS: dict[str, Callable[..., Any]] = {
    "Pow": lambda a, b: np.power(a.astype(np.float64) if b.dtype.kind == "f" else a, b),
    "GreaterOrEqual": np.greater_equal,
    "LessOrEqual": np.less_equal,
    "And": np.logical_and,
    "Or": np.logical_or,
    "Xor": np.logical_xor,
    "Not": np.logical_not,
    "Where": np.where,
    "IsNaN": np.isnan,
    "BitwiseAnd": np.bitwise_and,
    "BitwiseOr": np.bitwise_or,
    "BitwiseXor": np.bitwise_xor,
    "BitwiseNot": np.bitwise_not,
    "Tan": np.tan,
    "Atan": np.arctan,
}
FOLD.update({op: _elementwise(function) for op, function in _OTHERS.items()})


def _several(function: Callable[..., Any]) -> Callable[..., Any]:
    def compute(*arrays: np.ndarray) -> Any:
        bounded(np.broadcast_shapes(*(array.shape for array in arrays)))
        total = arrays[0]
        for array in arrays[1:]:
            total = function(total, array)
        return total

    return compute


FOLD["Max"], FOLD["Min"], FOLD["Sum"] = _several(np.maximum), _several(np.minimum), _several(np.add)
FOLD["Mean"] = lambda *arrays: FOLD["Sum"](*arrays) / len(arrays)


@folds("Mod")
def mod(a: np.ndarray, b: np.ndarray, fmod: int = 0) -> np.ndarray:
    bounded(np.broadcast_shapes(a.shape, b.shape))
    return np.fmod(a, b) if fmod and np.all(b) else modulo(a, b)


@folds("BitShift")
def bit_shift(x: np.ndarray, y: np.ndarray, direction: str) -> np.ndarray:
    bounded(np.broadcast_shapes(x.shape, y.shape))
    return np.left_shift(x, y) if direction == "LEFT" else np.right_shift(x, y)


@folds("IsInf")
def is_inf(x: np.ndarray, detect_negative: int = 1, detect_positive: int = 1) -> np.ndarray:
    return np.isposinf(x) & bool(detect_positive) | np.isneginf(x) & bool(detect_negative)


@folds("Clip")
def clip(input: np.ndarray, min: Any = None, max: Any = None) -> np.ndarray:
    if min is None and max is None:
        return input
    return np.clip(input, min, max).astype(input.dtype)


@folds("Cast")
def cast(input: np.ndarray, to: int, saturate: int = 1, round_mode: str = "up") -> np.ndarray:
    if input.dtype.kind == "O" or dtype_of(to).kind == "O":
        raise Refused("a Cast of text", "remove it from the network")
    return input.astype(dtype_of(to))


@folds("CastLike")
def cast_like(input: np.ndarray, target_type: np.ndarray, saturate: int = 1, round_mode: str = "up") -> np.ndarray:
    return input.astype(target_type.dtype)


def _reduction(function: Callable[..., Any]) -> Callable[..., Any]:
    def compute(data: np.ndarray, axes: Any = None, keepdims: int = 1, noop_with_empty_axes: int = 0) -> np.ndarray:
        named = tuple(int(a) for a in np.ravel(axes)) if axes is not None else ()
        if not named and noop_with_empty_axes:
            return data
        result = function(data, axis=named or None, keepdims=bool(keepdims))
        return np.asarray(result).astype(data.dtype)

    return compute


FOLD.update(
    {
        "ReduceSum": _reduction(np.sum),
        "ReduceMean": _reduction(np.mean),
        "ReduceProd": _reduction(np.prod),
        "ReduceMax": _reduction(np.max),
        "ReduceMin": _reduction(np.min),
        "ReduceSumSquare": _reduction(lambda x, **how: np.sum(x * x, **how)),
        "ReduceL1": _reduction(lambda x, **how: np.sum(np.abs(x), **how)),
        "ReduceL2": _reduction(lambda x, **how: np.sqrt(np.sum(np.square(x.astype(np.float64)), **how))),
    }
)


def _position(function: Callable[..., Any]) -> Callable[..., Any]:
    def compute(data: np.ndarray, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> np.ndarray:
        size = data.shape[axis]
        found = size - 1 - function(np.flip(data, axis), axis) if select_last_index else function(data, axis)
        return np.expand_dims(found, axis) if keepdims else found

    return compute


FOLD["ArgMax"], FOLD["ArgMin"] = _position(np.argmax), _position(np.argmin)


@folds("CumSum")
def cum_sum(x: np.ndarray, axis: np.ndarray, exclusive: int = 0, reverse: int = 0) -> np.ndarray:
    along = int(axis.reshape(()))
    y = np.flip(x, along) if reverse else x
    total = np.cumsum(y, along, dtype=x.dtype)
    total = total - y if exclusive else total
    return np.flip(total, along) if reverse else total


@folds("MatMul")
def mat_mul(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    if A.ndim < 1 or B.ndim < 1 or A.shape[-1] != B.shape[max(B.ndim - 2, 0)]:
        raise Refused(f"MatMul of {list(A.shape)} by {list(B.shape)}")
    bounded(np.broadcast_shapes(A.shape[:-2], B.shape[:-2]) + A.shape[-2:-1] + B.shape[-1:])
    return np.matmul(A, B)


@folds("DequantizeLinear")
def dequantize(
    x: np.ndarray,
    x_scale: np.ndarray,
    x_zero_point: np.ndarray | None = None,
    axis: int = 1,
    block_size: int = 0,
    output_dtype: int = 0,
) -> np.ndarray:
    """(x - zero point) * scale."""
    scale, zero = _along(x, x_scale, x_zero_point, axis, block_size)
    return (x.astype(np.float32) - zero) * scale


@folds("QuantizeLinear")
def quantize(
    x: np.ndarray,
    y_scale: np.ndarray,
    y_zero_point: np.ndarray | None = None,
    axis: int = 1,
    saturate: int = 1,
    block_size: int = 0,
    output_dtype: int = 0,
    precision: int = 0,
) -> np.ndarray:
    """round(x / scale) + zero point, halves to even, within the type of the zero point."""
    kind = (
        y_zero_point.dtype if y_zero_point is not None else dtype_of(output_dtype) if output_dtype else np.dtype("u1")
    )
    if kind.kind not in "iu":
        raise Refused(f"a QuantizeLinear to {kind}", "quantize to 8 bits")
    scale, zero = _along(x, y_scale, y_zero_point, axis, block_size)
    info = np.iinfo(kind)
    return np.clip(np.rint(x / scale) + zero, info.min, info.max).astype(kind)


def _along(
    x: np.ndarray, scale: np.ndarray, zero_point: np.ndarray | None, axis: int, block_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Scale and zero point in a shape for x: one number, one per position along `axis`, or one per block of these."""
    zero = np.zeros_like(scale) if zero_point is None else zero_point.astype(np.float32)
    scale = scale.astype(np.float32)
    if scale.size == 1:
        return scale.reshape(()), zero.reshape(())
    if block_size:
        scale, zero = (np.take(np.repeat(p, block_size, axis), range(x.shape[axis]), axis) for p in (scale, zero))
        return scale, zero
    shape = [-1 if a == axis % x.ndim else 1 for a in range(x.ndim)]
    return scale.reshape(shape), zero.reshape(shape)


@folds("ConstantOfShape")
def constant_of_shape(input: np.ndarray, value: Tensor | np.ndarray | None = None) -> np.ndarray:
    fill = np.zeros(1, np.float32) if value is None else np.asarray(value)
    return np.full(bounded(input), fill.reshape(()), fill.dtype)


@folds("Range")
def count(start: np.ndarray, limit: np.ndarray, delta: np.ndarray) -> np.ndarray:
    first, stop, step = (array.reshape(()) for array in (start, limit, delta))
    if not step:
        raise Refused("a Range in steps of 0")
    steps = max(0, int(np.ceil((float(stop) - float(first)) / float(step))))
    bounded([steps])
    return (first + np.arange(steps).astype(start.dtype) * step).astype(start.dtype)


@folds("EyeLike")
def eye_like(input: np.ndarray, dtype: int = 0, k: int = 0) -> np.ndarray:
    rows, columns = bounded(input.shape)
    return np.eye(rows, columns, k, dtype=dtype_of(dtype) if dtype else input.dtype)


@folds("OneHot")
def one_hot(indices: np.ndarray, depth: np.ndarray, values: np.ndarray, axis: int = -1) -> np.ndarray:
    size = int(depth.reshape(()))
    bounded([*indices.shape, size])
    chosen = floor_mod(indices, size)[..., None] == np.arange(size)
    return np.moveaxis(np.where(chosen, values[1], values[0]), -1, axis)


def floor_mod(indices: np.ndarray, size: int) -> np.ndarray:
    """Indices counted from 0; those outside of [-size, size) stay as they are."""
    return np.where((indices < 0) & (indices >= -size), indices + size, indices)
