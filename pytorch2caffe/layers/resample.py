"""The matrices of one-dimensional resampling, as PyTorch defines each mode. Pure numpy."""

from __future__ import annotations

import numpy as np


def resampling_matrix(mode, size, out, scale=0.0, align_corners=False):
    """What interpolation makes of a row: a matrix [out, size] whose rows sum to 1.

    mode:          nearest, nearest-exact, linear, cubic or area.
    scale:         the factor as the caller gave it; 0 if the size was given. It decides where samples are taken.
    align_corners: the first and last samples lie on the first and last numbers (linear and cubic).

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
    places = np.arange(out, dtype=np.float32)
    if mode.startswith("nearest"):
        shift = np.float32(0.5) if mode == "nearest-exact" else np.float32(0)
        return np.eye(size)[np.minimum(np.floor((places + shift) * step).astype(int), size - 1)]
    if align_corners:
        positions = np.arange(out) * ((size - 1) / (out - 1) if out > 1 else 0.0)
    else:
        positions = (np.arange(out) + 0.5) * (1 / scale if scale else size / out) - 0.5
    return _linear(positions, size) if mode == "linear" else _cubic(positions, size)


def antialiased_matrix(mode, size, out, scale=0.0, align_corners=False):
    """As `resampling_matrix` with antialias=True: on the way down the kernel, linear or cubic, is as wide as a step.

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
    kernel, reach = (_triangle, 1.0) if mode == "linear" else (_catmull_rom, 2.0)
    matrix = np.zeros((out, size))
    for i in range(out):
        centre = step * (i + 0.5)
        first, end = max(int(centre - reach * width + 0.5), 0), min(int(centre + reach * width + 0.5), size)
        weights = kernel((np.arange(first, end) - centre + 0.5) / width)
        matrix[i, first:end] = weights / (weights.sum() or 1.0)
    return matrix


def _triangle(d):
    return np.maximum(0, 1 - abs(d))


def _catmull_rom(d, a=-0.5):
    d = abs(d)
    near, far = ((a + 2) * d - (a + 3)) * d * d + 1, (((d - 5) * d + 8) * d - 4) * a
    return np.where(d < 1, near, np.where(d < 2, far, 0))


def _area(size, out):
    matrix = np.zeros((out, size))
    for i in range(out):
        begin, end = i * size // out, -(-(i + 1) * size // out)
        matrix[i, begin:end] = 1 / (end - begin)
    return matrix


def _linear(positions, size):
    positions = np.maximum(positions, 0)
    first = np.minimum(np.floor(positions).astype(int), size - 1)
    share = np.where(first < size - 1, positions - first, 0)
    eye = np.eye(size)
    return eye[first] * (1 - share)[:, None] + eye[np.minimum(first + 1, size - 1)] * share[:, None]


def _cubic(positions, size, a=-0.75):
    first = np.floor(positions).astype(int)
    t = positions - first
    near = lambda d: ((a + 2) * d - (a + 3)) * d * d + 1  # noqa: E731 - the kernel's two pieces, as in the literature
    far = lambda d: ((d - 5) * d + 8) * d * a - 4 * a  # noqa: E731
    eye = np.eye(size)
    taps = zip((-1, 0, 1, 2), (far(t + 1), near(t), near(1 - t), far(2 - t)), strict=True)
    return sum(eye[np.clip(first + offset, 0, size - 1)] * weight[:, None] for offset, weight in taps)


def tensorflow_matrix(mode, size, out, align_corners=False):
    """What TensorFlow 1's resizing makes of a row, [out, size]: samples at i * size / out, linear or nearest.

    align_corners: at i * (size - 1) / (out - 1), the nearest being rounded, halves up.
    Source: TensorFlow, core/util/image_resizer_state.h, resize_nearest_neighbor_op.cc.

    >>> tensorflow_matrix("linear", 2, 4)
    array([[1. , 0. ],
           [0.5, 0.5],
           [0. , 1. ],
           [0. , 1. ]])
    """
    step = (size - 1) / (out - 1) if align_corners and out > 1 else size / out
    positions = np.arange(out, dtype=np.float32) * np.float32(step)
    if mode == "linear":
        return _linear(positions, size)
    rounded = np.floor(positions + 0.5) if align_corners else np.floor(positions)
    return np.eye(size)[np.minimum(rounded.astype(int), size - 1)]
