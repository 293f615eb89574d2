"""The IR's Pool, in Caffe's rounding where that gives the same windows."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import from_ir
from ..convolution.one_sided_padding import Pads, in_two_axes, pads_of, spatial
from ..elementwise.scale import Scale
from ..indexing.cut import crop_space
from ..shape.pad import pad_with
from .pooling import FLT_MAX, Pooling
from .windows import window_sizes


@from_ir("Pool")
@in_two_axes
def ir_pool(net: Builder, node: IrOperator, input: Value) -> Value:
    """MAX or AVG. An average leaves out the padding, except in files converted from Caffe."""
    method = {"MAX": "MAX", "AVG": "AVE"}.get(node.text("pooling_type"))
    if method is None:
        raise Refused(f"Pool of type {node.text('pooling_type')!r}", "use MAX or AVG")
    if node.flag("global_pooling", False):
        return net.add(Pooling(method, global_pooling=True), input)
    if len(input.shape) != 4:
        raise Refused(f"Pool of a tensor of {len(input.shape)} axes", "use one or two spatial axes")
    kernel, stride = spatial(node, input, "kernel_shape"), spatial(node, input, "strides")
    (kh, kw), (sh, sw) = kernel, stride
    pads = pads_of(node, input)
    sizes = _output_sizes(node, input, kernel, stride, pads)
    counted = node.source == "caffe" and method == "AVE"
    before = ph, pw = pads[0][0], pads[1][0]
    if kernel == input.shape[2:] and sizes == (1, 1) and not any(map(any, pads)):
        return net.add(Pooling(method, global_pooling=True), input)
    if all(2 * b <= k for b, k in zip(before, kernel, strict=True)):
        floor_first = node.source == "tensorflow" and all(first == last for first, last in pads)
        includes_pad = counted or method == "MAX" or not any(before)
        candidates = [
            Pooling(method, kh, kw, sh, sw, ph, pw, round_mode=mode, count_include_pad=includes_pad)
            for mode in (("FLOOR", "CEIL") if floor_first else ("CEIL", "FLOOR"))
        ]
        exact = [layer for layer in candidates if layer.sizes(input.shape) == sizes]
        if exact:
            return net.add(exact[0], input)
        if all(size >= wanted for size, wanted in zip(candidates[0].sizes(input.shape), sizes, strict=True)):
            return crop_space(net, net.add(candidates[0], input), sizes)
    return _padded_pool(net, input, method, kernel, stride, pads, sizes, counted)


def _output_sizes(node: IrOperator, x: Value, kernel: Sequence[int], stride: Sequence[int], pads: Pads) -> Shape:
    """The output's height and width.

    Files converted from Caffe, which rounds up, give the output's shape: their padding may be too small for it.
    """
    sizes = tuple((s + sum(p) - k) // t + 1 for s, p, k, t in zip(x.shape[2:], pads, kernel, stride, strict=True))
    wanted = node.output_shape()
    if node.source == "caffe" and wanted is not None and len(wanted) == 4 and min(wanted[1:3]) > 0:
        sizes = tuple(wanted[1:3])
    if min(sizes) < 1:
        raise Refused(f"Pool of {list(x.shape[2:])} by windows of {list(kernel)}", "use smaller windows")
    return sizes


def _padded_pool(
    net: Builder, x: Value, method: str, kernel: Shape, stride: Shape, pads: Pads, sizes: Shape, counted: bool
) -> Value:
    """A Pad, then a Pooling; an average is multiplied by the window's size and divided by its number of elements.

    counted: whether the padding counts as elements.
    """
    (kh, kw), (sh, sw) = kernel, stride
    ends = [(out - 1) * t + k for out, t, k in zip(sizes, stride, kernel, strict=True)]
    after = [max(end - before - s, 0) for end, (before, _), s in zip(ends, pads, x.shape[2:], strict=True)]
    padded = {axis: (before, end) for axis, ((before, _), end) in enumerate(zip(pads, after, strict=True), 2)}
    value = 0.0 if method == "AVE" else -FLT_MAX
    layer = Pooling(method, kh, kw, sh, sw, round_mode="FLOOR")
    y = net.add(layer, pad_with(net, x, padded, value), name="pool")
    y = crop_space(net, y, sizes)
    if method == "MAX":
        return y
    axes = zip(x.shape[2:], sizes, kernel, stride, [before for before, _ in pads], strict=True)
    rows, columns = (window_sizes(*axis, counted) for axis in axes)
    weights = prod(kernel) / np.maximum(np.outer(rows, columns), 1)
    return y if (weights == 1).all() else net.add(Scale(2, 2), y, blobs=[weights], name="weigh")
