"""Elementwise operators on constants, computed while a graph is read, under the names of TensorFlow and ONNX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import Refused


def divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b; of integers towards zero. Raises Refused for a division by zero."""
    if a.dtype.kind == "f":
        return a / b
    if not np.all(b):
        raise Refused("a division by zero")
    return np.sign(a) * np.sign(b) * (np.abs(a) // np.abs(b))


def floor_divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b rounded down. Raises Refused for integers divided by zero."""
    if a.dtype.kind != "f" and not np.all(b):
        raise Refused("a division by zero")
    return np.floor_divide(a, b)


def modulo(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """What is left of a / b rounded down. Raises Refused for integers divided by zero."""
    if a.dtype.kind != "f" and not np.all(b):
        raise Refused("a division by zero")
    return np.mod(a, b)


ELEMENTWISE: dict[str, Callable[..., Any]] = {
    "Add": np.add,
    "AddV2": np.add,
    "BiasAdd": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "RealDiv": divide,
    "Div": divide,
    "TruncateDiv": divide,
    "FloorDiv": floor_divide,
    "FloorMod": modulo,
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
