"""The matrices of one-dimensional resizing as ONNX defines it. Source: ONNX, Operators.md, Resize."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...errors import Refused


@dataclass(frozen=True)
class Sampling:
    """How Resize samples; the names are those of ONNX's attributes."""

    mode: str
    coordinate_transformation_mode: str
    nearest_mode: str
    cubic_coeff_a: float = -0.75
    exclude_outside: bool = False
    antialias: bool = False


def resize_matrix(sampling: Sampling, size: int, out: int, scale: float) -> np.ndarray:
    """The resizing of `size` numbers to `out` as a matrix [out, size], for a factor `scale`.

    >>> resize_matrix(Sampling("linear", "align_corners", ""), 2, 3, 1.5)
    array([[1. , 0. ],
           [0.5, 0.5],
           [0. , 1. ]])
    """
    positions = _positions(sampling.coordinate_transformation_mode, size, out, scale)
    if sampling.mode == "nearest":
        return np.eye(size)[np.clip(_nearest(sampling.nearest_mode, positions), 0, size - 1)]
    if sampling.mode not in ("linear", "cubic"):
        raise Refused(f"Resize with mode {sampling.mode!r}", "use nearest, linear or cubic")
    width = max(1 / scale, 1.0) if sampling.antialias else 1.0
    extent = width * (1 if sampling.mode == "linear" else 2)
    distance = np.arange(-int(np.ceil(extent)), int(np.ceil(extent)) + 2)
    taps = np.floor(positions)[:, None].astype(int) + distance
    offsets = abs(taps - positions[:, None]) / width
    weights = np.maximum(1 - offsets, 0) if sampling.mode == "linear" else _cubic(offsets, sampling.cubic_coeff_a)
    if sampling.exclude_outside:
        weights = np.where((taps >= 0) & (taps < size), weights, 0)
    if sampling.exclude_outside or sampling.antialias:
        weights = weights / weights.sum(1, keepdims=True)
    matrix = np.zeros((out, size))
    np.add.at(matrix, (np.arange(out)[:, None], np.clip(taps, 0, size - 1)), weights)
    return matrix


def _positions(mode: str, size: int, out: int, scale: float) -> np.ndarray:
    """Where the samples are, in positions of the input."""
    index = np.arange(out, dtype=np.float64)
    if mode == "align_corners":
        if abs(scale * size - out) > 1e-3:
            what = "Resize with align_corners by a scale that gives no integer size"
            raise Refused(f"{what}: the specification and onnxruntime differ", "give the size, not the scale")
        return index * ((size - 1) / (out - 1) if out > 1 else 0.0)
    if mode == "asymmetric":
        return index / scale
    if mode == "pytorch_half_pixel" and out == 1:
        return np.zeros(1)
    if mode == "half_pixel_symmetric":
        adjustment = out / (scale * size)
        return size / 2 * (1 - adjustment) + (index + 0.5) / scale - 0.5
    if mode in ("half_pixel", "pytorch_half_pixel"):
        return (index + 0.5) / scale - 0.5
    raise Refused(f"Resize with coordinate_transformation_mode {mode!r}")


def _nearest(mode: str, positions: np.ndarray) -> np.ndarray:
    roundings: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "round_prefer_floor": lambda p: np.ceil(p - 0.5),
        "round_prefer_ceil": lambda p: np.floor(p + 0.5),
        "floor": np.floor,
        "ceil": np.ceil,
    }
    if mode not in roundings:
        raise Refused(f"Resize with nearest_mode {mode!r}", f"use {', '.join(roundings)}")
    return roundings[mode](positions).astype(int)


def _cubic(d: np.ndarray, a: float) -> np.ndarray:
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((d - 5) * d + 8) * d * a - 4 * a
    return np.where(d <= 1, near, np.where(d < 2, far, 0))
