"""Where windows lie along an axis."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def count(size: int, kernel: Any, stride: Any, pad: Any, dilation: Any, mode: str) -> Any:
    """How many windows begin on an axis of `size`, padded on both sides; mode CEIL counts one that overhangs.

    >>> count(7, 2, 2, 0, 1, "FLOOR"), count(7, 2, 2, 0, 1, "CEIL")
    (3, 4)
    """
    exact = (size + 2 * pad - dilation * (kernel - 1) - 1) / stride
    return (math.ceil(exact) if mode == "CEIL" else math.floor(exact)) + 1


def caffe_count(size: int, kernel: Any, stride: Any, pad: Any, dilation: Any, mode: str, padded: Any) -> Any:
    """As Caffe pools: without one that begins behind the input, if any axis is padded.

    >>> caffe_count(3, 1, 2, 1, 1, "CEIL", True), caffe_count(3, 1, 3, 0, 1, "CEIL", False)
    (2, 2)
    """
    windows = count(size, kernel, stride, pad, dilation, mode)
    return windows - 1 if padded and (windows - 1) * stride >= size + pad else windows


def torch_count(size: int, kernel: Any, stride: Any, pad: Any, dilation: Any, mode: str) -> Any:
    """As PyTorch pools: without one that begins behind the input, if it rounds up.

    >>> torch_count(3, 1, 3, 0, 1, "CEIL")
    1
    """
    windows = count(size, kernel, stride, pad, dilation, mode)
    return windows - 1 if mode == "CEIL" and (windows - 1) * stride >= size + pad else windows


def held(size: int, windows: Any, kernel: Any, stride: Any, pad: Any, padded: Any) -> Any:
    """How many numbers each window of an axis holds, the padding counted or not.

    >>> held(4, 3, 3, 2, 1, True), held(4, 3, 3, 2, 1, False)
    (array([3, 3, 2]), array([2, 3, 1]))
    """
    starts = np.arange(windows) * stride - pad
    ends = np.minimum(starts + kernel, size + pad)
    return ends - starts if padded else np.maximum(np.minimum(ends, size) - np.maximum(starts, 0), 0)
