"""Rounding down after a layer that rounds up: a Crop to the size of a convolution, which rounds down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...graph.graph import Value
from ...graph.lowering import Lowering
from ..convolution.convolution import Convolution
from ..indexing.crop import Crop

if TYPE_CHECKING:
    from .pooling import Pooling


def crop_to_floor(net: Lowering, layer: Pooling, x: Value) -> Value | None:
    """The windows of x [N, C, H, W] without those that rounding up adds, or None if the target has no Crop.

    layer: a pooling that rounds up, not dilated, whose stride is at most its kernel.

    It is right for every height and width, where a Slice is right for one. The convolution has one output channel and
    the smallest kernel that gives as many windows; its numbers are not used.

    before: x -> Pooling(kernel 3, stride 2, pad 1, round_mode FLOOR) -> y
    after:  x -> Convolution(1 channel, stride 2) -> size;  x -> Pooling(kernel 3, stride 2, pad 1), size -> Crop -> y
    """
    strides = layer.stride_h, layer.stride_w
    kernels, pads = zip(*(_smallest(kernel, pad) for kernel, _, pad, _ in layer.axes), strict=True)
    sizer = Convolution(1, kernels, strides, pads, bias_term=False)
    weight = np.full((1, x.shape[1], *kernels), 1 / (x.shape[1] * kernels[0] * kernels[1]), np.float32)
    pooled = Value("", (*x.shape[:2], *layer.sizes(x.shape)))
    size = Value("", (x.shape[0], 1, *layer.sizes(x.shape, "FLOOR")))
    if not net.takes(sizer, x, blobs=[weight]) or not net.takes(Crop(), pooled, size):
        return None
    size = net.add(sizer, x, blobs=[weight], name="size")
    return net.add(Crop(), net.add(layer, x, name="pool"), size, name="crop")


def _smallest(kernel: int, pad: int) -> tuple[int, int]:
    """The smallest kernel, and its padding, of as many windows as `kernel` with `pad` gives for every input.

    >>> _smallest(3, 1), _smallest(3, 0), _smallest(2, 1)
    ((1, 0), (3, 0), (2, 1))
    """
    return (kernel - 2 * pad, 0) if kernel > 2 * pad else (kernel, pad)
