"""The matrices of one-dimensional resampling, as PyTorch defines each mode. Pure numpy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Kernel = Callable[[np.ndarray], np.ndarray]  # the weights for distances


def resampling_matrix(mode: str, size: int, out: int, scale: float = 0.0, align_corners: bool = False) -> np.ndarray:
    """Interpolation of `size` numbers to `out` as a matrix [out, size], whose rows sum to 1.

    mode:          nearest, nearest-exact, linear, cubic or area.
    scale:         the factor as the caller gave it; 0 if the size was given. The sample positions depend on it.
    align_corners: the first and last samples coincide with the first and last numbers (linear and cubic).

    Source: PyTorch, aten/src/ATen/native/UpSample.h.

    >>> resampling_matrix("linear", 2, 3, align_corners=True)
    array([[1. , 0. ],
           [0.5, 0.5],
           [0. , 1. ]])
    """
    if mode == "area":
        return _area(size, out)
    if mode == "linear" and out == size:  # PyTorch copies, whatever the scale
        return np.eye(size)
    step = np.float32(1 / scale) if scale else np.float32(size) / np.float32(out)
    samples = np.arange(out, dtype=np.float32)
    if mode.startswith("nearest"):
        shift = np.float32(0.5) if mode == "nearest-exact" else np.float32(0)
        return np.eye(size)[np.minimum(np.floor((samples + shift) * step).astype(int), size - 1)]
    if align_corners:
        positions = np.arange(out) * ((size - 1) / (out - 1) if out > 1 else 0.0)
    else:
        positions = (np.arange(out) + 0.5) * (1 / scale if scale else size / out) - 0.5
    return _linear(positions, size) if mode == "linear" else _cubic(positions, size)


def antialiased_matrix(mode: str, size: int, out: int, scale: float = 0.0, align_corners: bool = False) -> np.ndarray:
    """As `resampling_matrix` with antialias=True: for a smaller size the kernel, linear or cubic, is as wide as a step.

    Source: PyTorch, aten/src/ATen/native/cpu/UpSampleKernel.cpp.

    >>> antialiased_matrix("linear", 4, 2).round(3)
    array([[0.429, 0.429, 0.143, 0.   ],
           [0.   , 0.143, 0.429, 0.429]])
    """
    if out == size:  # PyTorch copies, whatever the scale
        return np.eye(size)
    corners = (size - 1) / (out - 1) if out > 1 else 0.0
    step = corners if align_corners else 1 / scale if scale else size / out
    width = max(step, 1.0)
    kernel, extent = (triangle, 1.0) if mode == "linear" else (catmull_rom, 2.0)
    matrix = np.zeros((out, size))
    for i in range(out):
        centre = step * (i + 0.5)
        first, end = max(int(centre - extent * width + 0.5), 0), min(int(centre + extent * width + 0.5), size)
        weights = kernel((np.arange(first, end) - centre + 0.5) / width)
        matrix[i, first:end] = weights / (weights.sum() or 1.0)
    return matrix


def triangle(d: np.ndarray) -> np.ndarray:
    return np.maximum(0, 1 - abs(d))


def catmull_rom(d: np.ndarray, a: float = -0.5) -> np.ndarray:
    d = abs(d)
    near, far = ((a + 2) * d - (a + 3)) * d * d + 1, (((d - 5) * d + 8) * d - 4) * a
    return np.where(d < 1, near, np.where(d < 2, far, 0))


def _area(size: int, out: int) -> np.ndarray:
    matrix = np.zeros((out, size))
    for i in range(out):
        begin, end = i * size // out, -(-(i + 1) * size // out)
        matrix[i, begin:end] = 1 / (end - begin)
    return matrix


def _linear(positions: np.ndarray, size: int) -> np.ndarray:
    positions = np.maximum(positions, 0)
    first = np.minimum(np.floor(positions).astype(int), size - 1)
    share = np.where(first < size - 1, positions - first, 0)
    eye = np.eye(size)
    return eye[first] * (1 - share)[:, None] + eye[np.minimum(first + 1, size - 1)] * share[:, None]


def _cubic_kernel(a: float) -> tuple[Kernel, Kernel]:
    """The two pieces of Keys' kernel: for distances up to 1, and from 1 to 2."""
    return lambda d: ((a + 2) * d - (a + 3)) * d * d + 1, lambda d: ((d - 5) * d + 8) * d * a - 4 * a


def _cubic(positions: np.ndarray, size: int) -> np.ndarray:
    first = np.floor(positions).astype(int)
    t = positions - first
    near, far = _cubic_kernel(-0.75)
    eye, matrix = np.eye(size), np.zeros((len(positions), size))
    for offset, weight in zip((-1, 0, 1, 2), (far(t + 1), near(t), near(1 - t), far(2 - t)), strict=True):
        matrix = matrix + eye[np.clip(first + offset, 0, size - 1)] * weight[:, None]
    return matrix


def tensorflow_matrix(
    mode: str, size: int, out: int, align_corners: bool = False, half_pixel: bool = False
) -> np.ndarray:
    """TensorFlow's resizing as a matrix [out, size]: samples at i * size / out; linear, nearest, cubic or area.

    align_corners: at i * (size - 1) / (out - 1), the nearest being rounded, halves up.
    half_pixel:    cubic only: at (i + 0.5) * size / out - 0.5, with the kernel of Keys.
    Source: TensorFlow, core/util/image_resizer_state.h, resize_nearest_neighbor_op.cc, resize_bicubic_op.cc,
    resize_area_op.cc.

    >>> tensorflow_matrix("linear", 2, 4)
    array([[1. , 0. ],
           [0.5, 0.5],
           [0. , 1. ],
           [0. , 1. ]])
    """
    step = np.float32((size - 1) / (out - 1) if align_corners and out > 1 else size / out)
    samples = np.arange(out, dtype=np.float32)
    if mode == "linear":
        return _linear(samples * step, size)
    if mode == "area":
        return _overlaps(samples * step, (samples + 1) * step, size) / step
    if mode == "cubic":
        half = np.float32(0.5 if half_pixel else 0)
        return _cubic_of_tensorflow((samples + half) * step - half, size, half_pixel)
    rounded = np.floor(samples * step + 0.5) if align_corners else np.floor(samples * step)
    return np.eye(size)[np.minimum(rounded.astype(int), size - 1)]


def _cubic_of_tensorflow(positions: np.ndarray, size: int, keys: bool) -> np.ndarray:
    """The kernel has 1024 steps. keys: a is -0.5 instead of -0.75, and taps beyond the edge are omitted."""
    first = np.floor(positions).astype(int)
    t = np.rint((positions - first) * 1024) / 1024
    near, far = _cubic_kernel(-0.5 if keys else -0.75)
    eye, matrix = np.eye(size), np.zeros((len(positions), size))
    for offset, weight in zip((-1, 0, 1, 2), (far(t + 1), near(t), near(1 - t), far(2 - t)), strict=True):
        index = np.clip(first + offset, 0, size - 1)
        weight = np.where(index == first + offset, weight, 0) if keys else weight
        matrix = matrix + eye[index] * weight[:, None]
    return matrix / matrix.sum(1, keepdims=True) if keys else matrix


def _overlaps(begins: np.ndarray, ends: np.ndarray, size: int) -> np.ndarray:
    """The lengths [out, size] of the intervals [i, i + 1) between begin and end; the last interval has no upper end."""
    lower = np.arange(size)
    upper = np.where(lower == size - 1, np.inf, lower + 1)
    return np.maximum(np.minimum(ends[:, None], upper) - np.maximum(begins[:, None], lower), 0)
