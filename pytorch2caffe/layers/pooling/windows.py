"""The number, the positions and the sizes of windows along an axis.

size, kernel, stride, pad and dilation are those of one spatial axis; mode is CEIL or FLOOR.
"""

from __future__ import annotations

import math

import numpy as np

Axis = tuple[int, int, int, int]  # kernel, stride, pad and dilation of an axis


def window_count(size: int, kernel: int, stride: int, pad: int, dilation: int, mode: str) -> int:
    """The number of windows on an axis that is padded on both sides; CEIL includes one that overhangs.

    >>> window_count(7, 2, 2, 0, 1, "FLOOR"), window_count(7, 2, 2, 0, 1, "CEIL")
    (3, 4)
    """
    exact = (size + 2 * pad - dilation * (kernel - 1) - 1) / stride
    return (math.ceil(exact) if mode == "CEIL" else math.floor(exact)) + 1


def caffe_window_count(size: int, kernel: int, stride: int, pad: int, dilation: int, mode: str, padded: bool) -> int:
    """The number of windows in Caffe: without one that starts after the input, if any axis is padded.

    Source: BVLC Caffe, pooling_layer.cpp.

    >>> caffe_window_count(3, 1, 2, 1, 1, "CEIL", True), caffe_window_count(3, 1, 3, 0, 1, "CEIL", False)
    (2, 2)
    """
    windows = window_count(size, kernel, stride, pad, dilation, mode)
    return windows - 1 if padded and (windows - 1) * stride >= size + pad else windows


def torch_window_count(size: int, kernel: int, stride: int, pad: int, dilation: int, mode: str) -> int:
    """The number of windows in PyTorch: without one that starts after the input, if it rounds up.

    Source: PyTorch, aten/src/ATen/native/Pool.h, pooling_output_shape.

    >>> torch_window_count(3, 1, 3, 0, 1, "CEIL")
    1
    """
    windows = window_count(size, kernel, stride, pad, dilation, mode)
    return windows - 1 if mode == "CEIL" and (windows - 1) * stride >= size + pad else windows


def window_sizes(size: int, windows: int, kernel: int, stride: int, pad: int, padded: bool) -> np.ndarray:
    """The number of elements in each of the windows of an axis, [windows], with the padding or without.

    >>> window_sizes(4, 3, 3, 2, 1, True), window_sizes(4, 3, 3, 2, 1, False)
    (array([3, 3, 2]), array([2, 3, 1]))
    """
    starts = np.arange(windows) * stride - pad
    ends = np.minimum(starts + kernel, size + pad)
    return ends - starts if padded else np.maximum(np.minimum(ends, size) - np.maximum(starts, 0), 0)
