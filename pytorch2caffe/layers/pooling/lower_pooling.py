"""PyTorch's pooling in layers of Caffe, whose Pooling rounds up and divides by the padding too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...graph.graph import Value, fix_axes
from ...graph.lowering import Lowering
from ..elementwise.eltwise import Eltwise
from ..elementwise.power import Power
from ..elementwise.scale import Scale
from ..indexing.cut import crop_space
from ..indexing.strided_slice import every, select
from ..shape.pad import pad_with
from .average import average_by_convolution, padded_by_convolution
from .floor_crop import crop_to_floor
from .windows import window_sizes

if TYPE_CHECKING:
    from .pooling import Pooling

FLT_MAX = float(np.finfo(np.float32).max)


def lower_pooling(net: Lowering, layer: Pooling, x: Value) -> Value:
    """A pooling of x [N, C, H, W] in simpler layers.

    before: x -> Pooling(AVE, kernel 3, stride 2, round_mode FLOOR, count_include_pad False) -> y
    after:  x -> Pooling(AVE, kernel 3, stride 2) -> Crop -> Scale -> y
    """
    if layer.dilation_h > 1 or layer.dilation_w > 1:
        return _lower_dilation(net, layer, x)
    plain = replace(layer, round_mode="CEIL", count_include_pad=True, divisor_override=0)
    lacks_padding = bool(layer.pad_h or layer.pad_w) and not net.takes(plain, x)
    if layer.pool == "AVE" and (lacks_padding or layer.divisor_override):
        average = _by_convolution(net, layer, x)
        if average is not None:
            return average
    if lacks_padding:
        return _pad_first(net, layer, x)
    y = _pool(net, layer, plain, x)
    return _weigh(net, layer, x, y) if layer.pool == "AVE" else y


def _pool(net: Lowering, layer: Pooling, plain: Pooling, x: Value) -> Value:
    """The windows of `layer`, each pooled as Caffe does it."""
    if layer.round_mode == "FLOOR" and any(stride > 1 for _, stride, _, _ in layer.axes):
        if any(stride > kernel for kernel, stride, _, _ in layer.axes):
            return _subsample(net, layer, plain, x)
        cropped = crop_to_floor(net, plain, x)
        if cropped is not None:
            return cropped
    return crop_space(net, net.add(plain, x, name="pool"), layer.sizes(x.shape))


def _subsample(net: Lowering, layer: Pooling, plain: Pooling, x: Value) -> Value:
    """Every window, and then every stride-th of them: Caffe's last window could begin beyond the input."""
    if layer.kernel_h > 1 or layer.kernel_w > 1:
        x = net.add(replace(plain, stride_h=1, stride_w=1), x, name="pool")
    return every(net, x, (layer.stride_h, layer.stride_w))


def _divisors(layer: Pooling, shape: Sequence[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The divisor of each window in Caffe and in PyTorch, and its number of elements in x: [height, width]."""
    axes = [
        (size, windows, *axis[:3])
        for size, windows, axis in zip(shape[2:], layer.sizes(shape), layer.axes, strict=True)
    ]
    (rows, columns), (rows_inside, columns_inside) = (
        [window_sizes(*axis, padded) for axis in axes] for padded in (True, False)
    )
    caffe, inside = np.outer(rows, columns), np.outer(rows_inside, columns_inside)
    if layer.divisor_override:
        return caffe, np.full_like(caffe, layer.divisor_override), inside
    return caffe, caffe if layer.count_include_pad else np.maximum(inside, 1), inside


def _by_convolution(net: Lowering, layer: Pooling, x: Value) -> Value | None:
    _, divisor, inside = _divisors(layer, x.shape)
    return average_by_convolution(net, x, layer.axes, layer.sizes(x.shape), divisor, inside)


def _weigh(net: Lowering, layer: Pooling, x: Value, y: Value) -> Value:
    """y, the average in Caffe, times Caffe's divisor / PyTorch's divisor, where they differ.

    Without the padding in PyTorch's, it is divided by Caffe's average of ones: for every height and width.
    """
    caffe, torch, _ = _divisors(layer, x.shape)
    if np.array_equal(caffe, torch):
        return y
    has_power = net.takes(Power(scale=0.0, shift=1.0), x) and net.takes(Power(power=-1.0), y)
    if not layer.count_include_pad and not layer.divisor_override and has_power:
        plain = replace(layer, round_mode="CEIL", count_include_pad=True)
        share = _pool(net, layer, plain, net.add(Power(scale=0.0, shift=1.0), x, name="ones"))
        return net.add(Eltwise("PROD"), y, net.add(Power(power=-1.0), share, name="reciprocal"), name="weigh")
    fix_axes(x, {2, 3})
    return net.add(Scale(2, 2), y, blobs=[(caffe / torch).astype(np.float32)], name="weigh")


def _pad_first(net: Lowering, layer: Pooling, x: Value) -> Value:
    """For targets that pool the padding in another way: padding before the pooling."""
    padded = padded_by_convolution(net, x, (layer.pad_h, layer.pad_w)) if layer.pool == "AVE" else None
    if padded is None:
        value = 0.0 if layer.pool == "AVE" else -FLT_MAX
        padded = pad_with(net, x, {2: (layer.pad_h,) * 2, 3: (layer.pad_w,) * 2}, value)
    bare = replace(layer, pad_h=0, pad_w=0, count_include_pad=True, divisor_override=0)
    y = crop_space(net, net.add(bare, padded, name="pool"), layer.sizes(x.shape))
    return _weigh(net, layer, x, y) if layer.pool == "AVE" else y


def _lower_dilation(net: Lowering, layer: Pooling, x: Value) -> Value:
    """The maximum of the input, shifted by each element of the kernel, one axis after the other."""
    for axis, (windows, (k, s, p, d)) in enumerate(zip(layer.sizes(x.shape), layer.axes, strict=True), 2):
        span = (windows - 1) * s + 1
        x = pad_with(net, x, {axis: (p, max(span + d * (k - 1) - x.shape[axis] - p, 0))}, -FLT_MAX)
        whole = [(0, size, 1) for size in x.shape]
        taps = [(d * tap, d * tap + span, s) for tap in range(k)]
        parts = [select(net, x, [*whole[:axis], tap, *whole[axis + 1 :]]) for tap in taps]
        x = net.add(Eltwise("MAX"), *parts, name="max") if k > 1 else parts[0]
    return x
