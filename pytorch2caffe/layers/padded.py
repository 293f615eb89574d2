"""Convolutions and poolings of the IR: padding before and behind may differ, which no layer of Caffe's has."""

from __future__ import annotations

from functools import wraps
from math import prod

import numpy as np

from ..errors import Refused
from ..registry import from_ir
from .convolution import Convolution, Deconvolution
from .pad import pad_with
from .pooling import FLT_MAX, Pooling
from .scale import Bias, Scale
from .strided_slice import crop

MOST_PAD = 1 << 16
SIZES = ("kernel_shape", "strides", "dilations")
KERNELS = ("weights", "depthwise_filter", "pointwise_filter")


def _spatial(node, x, key, default=1):
    """An attribute with one number per axis, [1, h, w, 1], as those of the space."""
    rank = len(x.shape) - 2
    if rank not in (2, 3):
        raise Refused(f"{node.op} of a tensor of {len(x.shape)} axes")
    numbers = node.integers(key, None)
    if numbers is None:
        return (default,) * rank
    numbers = numbers[1:-1] if len(numbers) == rank + 2 else numbers
    if len(numbers) != rank or not all(0 < n < MOST_PAD for n in numbers):
        raise node.fail(key, f"{rank} numbers above 0")
    return tuple(numbers)


def _pads(node, x):
    """What is put before and behind each axis of the space: [(top, bottom), (left, right)]."""
    rank = len(x.shape)
    pads = node.integers("pads", [0] * 2 * rank)
    if len(pads) == rank - 2 and "auto_pad" not in node:
        return [(p, p) for p in pads]
    if len(pads) == 2 * (rank - 2):
        pads = [0, *pads[: rank - 2], 0, 0, *pads[rank - 2 :], 0]
    if len(pads) != 2 * rank or not all(0 <= p < MOST_PAD for p in pads):
        raise node.fail("pads", f"{2 * rank} numbers from 0 on")
    return [(pads[axis], pads[axis + rank]) for axis in range(1, rank - 1)]


def _in_two_axes(rule):
    """A rule for tensors of one axis of space, [N, length, channels], too: as pictures of one row."""

    @wraps(rule)
    def either(net, node, x):
        if len(x.shape) != 3:
            return rule(net, node, x)
        n, length, channels = x.shape
        y = rule(net, node.with_row(SIZES, KERNELS), node.reshaped(x, (n, 1, length, channels)))
        return node.reshaped(y, (n, y.shape[3], y.shape[1]))

    return either


def _even(net, x, pads, value=0.0):
    """x with a Pad before it, and what is left of the padding: as much behind as before."""
    if all(before == behind for before, behind in pads):
        return x, tuple(before for before, _ in pads)
    return pad_with(net, x, dict(enumerate(pads, 2)), value), (0,) * len(pads)


def _bias(node):
    return [node.weight("bias", rank=1)] if node.has("bias") else []


@from_ir("Conv")
@_in_two_axes
def ir_conv(net, node, input):
    """Weights: [kernel..., in / group, out]. Its `pads` say how it is padded; `auto_pad` is what they came from."""
    rank = len(input.shape)
    weight = node.weight("weights", rank=rank).transpose(rank - 1, rank - 2, *range(rank - 2))
    return _convolve(net, node, input, weight, node.integer("group", 1))


@from_ir("DepthwiseConv")
@_in_two_axes
def ir_depthwise_conv(net, node, input):
    """Weights: [kernel..., channels, multiplier]; channel c makes the outputs c * multiplier and on."""
    return _depthwise(net, node, input, node.weight("weights", rank=len(input.shape)))


def _depthwise(net, node, input, weight):
    *kernel, channels, multiplier = weight.shape
    turned = weight.reshape(*kernel, channels * multiplier, 1)
    order = (len(kernel), len(kernel) + 1, *range(len(kernel)))
    return _convolve(net, node, input, turned.transpose(order), channels)


@from_ir("SeparableConv")
@_in_two_axes
def ir_separable_conv(net, node, input):
    rank = len(input.shape)
    x = _depthwise(net, node, input, node.weight("depthwise_filter", rank=rank))
    weight = node.weight("pointwise_filter", rank=rank).transpose(rank - 1, rank - 2, *range(rank - 2))
    made = Convolution(len(weight), weight.shape[2:], *((n,) * (rank - 2) for n in (1, 0, 1)), 1, node.has("bias"))
    return net.add(made, x, blobs=[np.ascontiguousarray(weight), *_bias(node)])


def _convolve(net, node, input, weight, group):
    if group < 1 or input.shape[1] != weight.shape[1] * group or len(weight) % group:
        what = f"{node.op} of {input.shape[1]} channels with weights for {weight.shape[1]} in each of {group} groups"
        raise Refused(what, "give the .npy that belongs to the file")
    x, pad = _even(net, input, _pads(node, input))
    stride, dilation = _spatial(node, x, "strides"), _spatial(node, x, "dilations")
    bias = [] if node.op == "SeparableConv" else _bias(node)
    made = Convolution(len(weight), weight.shape[2:], stride, pad, dilation, group, bool(bias))
    return net.add(made, x, blobs=[np.ascontiguousarray(weight), *bias])


@from_ir("ConvTranspose")
def ir_conv_transpose(net, node, *inputs):
    """Weights: [kernel..., out / group, in]. The output has the size that the file says; what is more is cut off.

    TensorFlow's padding is not stored: of what is too much, half, rounded down, goes before.
    """
    x = inputs[-1]
    rank = len(x.shape)
    group = node.integer("group", 1)
    weight = node.weight("weights", rank=rank).transpose(rank - 1, rank - 2, *range(rank - 2))
    if group < 1 or x.shape[1] != len(weight) or len(weight) % group:
        raise Refused(f"ConvTranspose of {x.shape[1]} channels with weights for {len(weight)} in {group} groups")
    stride, dilation = _spatial(node, x, "strides"), _spatial(node, x, "dilations")
    axes = zip(x.shape[2:], stride, dilation, weight.shape[2:], strict=True)
    full = [(s - 1) * t + d * (k - 1) + 1 for s, t, d, k in axes]
    windows = _windows(node, x, full)
    even = all(2 * start + size == f for (start, size), f in zip(windows, full, strict=True))
    pad = tuple(start if even else 0 for start, _ in windows)
    more = [max(start + size - f, 0) for (start, size), f in zip(windows, full, strict=True)]
    bias = _bias(node)
    joined = [] if any(more) else bias  # where no kernel reaches there is bias alone
    made = Deconvolution(weight.shape[1] * group, weight.shape[2:], stride, pad, dilation, group, bool(joined))
    y = net.add(made, x, blobs=[np.ascontiguousarray(weight), *joined])
    if even:
        return y
    y = pad_with(net, y, {axis: (0, n) for axis, n in enumerate(more, 2)}, 0.0)
    y = crop(net, y, {axis: (start, start + size) for axis, (start, size) in enumerate(windows, 2)})
    return net.add(Bias(), y, blobs=bias, name="bias") if bias and not joined else y


def _windows(node, x, full):
    """Per axis where the output begins within everything that the kernels write, and its size."""
    if node.source == "caffe":
        return [(before, f - before - behind) for f, (before, behind) in zip(full, _pads(node, x), strict=True)]
    shape = node.output_shape()
    if shape is None or len(shape) != len(x.shape) or min(shape[1:-1]) < 1:
        raise Refused("ConvTranspose without the size of its output", "the file does not hold it; set _output_shapes")
    if any(size > f + MOST_PAD for size, f in zip(shape[1:-1], full, strict=True)):
        raise Refused(f"ConvTranspose to {list(shape[1:-1])}, more than its kernels reach")
    return [(max(f - size, 0) // 2, size) for f, size in zip(full, shape[1:-1], strict=True)]


@from_ir("Pool")
@_in_two_axes
def ir_pool(net, node, input):
    """MAX or AVG. An average leaves out the padding; Caffe's counts as much on both sides as there is before."""
    method = {"MAX": "MAX", "AVG": "AVE"}.get(node.text("pooling_type"))
    if method is None:
        raise Refused(f"Pool of type {node.text('pooling_type')!r}", "use MAX or AVG")
    if node.flag("global_pooling", False):
        return net.add(Pooling(method, global_pooling=True), input)
    if len(input.shape) != 4:
        raise Refused(f"Pool of a tensor of {len(input.shape)} axes")
    kernel, stride = _spatial(node, input, "kernel_shape"), _spatial(node, input, "strides")
    pads = _pads(node, input)
    sizes = _pooled(node, input, kernel, stride, pads)
    counted = node.source == "caffe" and method == "AVE"
    before = tuple(first for first, _ in pads)
    if kernel == input.shape[2:] and sizes == (1, 1) and not any(map(any, pads)):
        return net.add(Pooling(method, global_pooling=True), input)
    if all(2 * b <= k for b, k in zip(before, kernel, strict=True)):
        down = node.source == "tensorflow" and all(first == last for first, last in pads)
        counts = counted or method == "MAX" or not any(before)
        found = [Pooling(method, *kernel, *stride, *before, round_mode=mode, count_include_pad=counts)
                 for mode in (("FLOOR", "CEIL") if down else ("CEIL", "FLOOR"))]  # fmt: skip
        exact = [made for made in found if made.sizes(input.shape) == sizes]
        if exact:
            return net.add(exact[0], input)
        if all(have >= want for have, want in zip(found[0].sizes(input.shape), sizes, strict=True)):
            return crop(net, net.add(found[0], input), {axis: (0, size) for axis, size in enumerate(sizes, 2)})
    return _padded_pool(net, input, method, kernel, stride, pads, sizes, counted)


def _pooled(node, x, kernel, stride, pads):
    """The output's size: in files of Caffe's, which round up, as they say, for the padding behind may be too little."""
    sizes = tuple((s + sum(p) - k) // t + 1 for s, p, k, t in zip(x.shape[2:], pads, kernel, stride, strict=True))
    wanted = node.output_shape()
    if node.source == "caffe" and wanted is not None and len(wanted) == 4 and min(wanted[1:3]) > 0:
        sizes = tuple(wanted[1:3])
    if min(sizes) < 1:
        raise Refused(f"Pool of {list(x.shape[2:])} by windows of {list(kernel)}", "use smaller windows")
    return sizes


def _padded_pool(net, x, method, kernel, stride, pads, sizes, counted):
    """With a Pad before it; an average is put right by how many of a window's numbers count."""
    reach = [(out - 1) * t + k for out, t, k in zip(sizes, stride, kernel, strict=True)]
    more = [max(r - before - s, 0) for r, (before, _), s in zip(reach, pads, x.shape[2:], strict=True)]
    padded = {axis: (before, behind) for axis, ((before, _), behind) in enumerate(zip(pads, more, strict=True), 2)}
    value = 0.0 if method == "AVE" else -FLT_MAX
    y = net.add(Pooling(method, *kernel, *stride, round_mode="FLOOR"), pad_with(net, x, padded, value), name="pool")
    y = crop(net, y, {axis: (0, size) for axis, size in enumerate(sizes, 2)})
    if method == "MAX":
        return y
    counts = []
    for out, t, k, size, (before, _) in zip(sizes, stride, kernel, x.shape[2:], pads, strict=True):
        first = np.arange(out) * t - before
        last = np.minimum(first + k, size + (before if counted else 0))
        counts.append(last - (first if counted else np.maximum(first, 0)))
    weights = prod(kernel) / np.maximum(np.outer(*counts), 1)
    return y if (weights == 1).all() else net.add(Scale(2, 2), y, blobs=[weights], name="weigh")
