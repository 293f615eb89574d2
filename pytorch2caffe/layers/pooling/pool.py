"""PyTorch's pooling of pictures, and the IR's: in Caffe's rounding where that gives the same windows."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import from_ir
from ..convolution.one_sided_padding import in_two_axes, pads_of, spatial
from ..elementwise.scale import Scale
from ..indexing.strided_slice import crop_space
from ..shape.pad import pad_with
from .pooling import FLT_MAX, Pooling
from .windows import held


@from_ir("Pool")
@in_two_axes
def ir_pool(net: Builder, node: IrOperator, input: Value) -> Value:
    """MAX or AVG. An average leaves out the padding; Caffe's counts as much on both sides as there is before."""
    method = {"MAX": "MAX", "AVG": "AVE"}.get(node.text("pooling_type"))
    if method is None:
        raise Refused(f"Pool of type {node.text('pooling_type')!r}", "use MAX or AVG")
    if node.flag("global_pooling", False):
        return net.add(Pooling(method, global_pooling=True), input)
    if len(input.shape) != 4:
        raise Refused(f"Pool of a tensor of {len(input.shape)} axes")
    kernel, stride = spatial(node, input, "kernel_shape"), spatial(node, input, "strides")
    pads = pads_of(node, input)
    sizes = _pooled(node, input, kernel, stride, pads)
    counted = node.source == "caffe" and method == "AVE"
    before = tuple(first for first, _ in pads)
    if kernel == input.shape[2:] and sizes == (1, 1) and not any(map(any, pads)):
        return net.add(Pooling(method, global_pooling=True), input)
    if all(2 * b <= k for b, k in zip(before, kernel, strict=True)):
        down = node.source == "tensorflow" and all(first == last for first, last in pads)
        counts = counted or method == "MAX" or not any(before)
        found = [
            Pooling(method, *kernel, *stride, *before, round_mode=mode, count_include_pad=counts)
            for mode in (("FLOOR", "CEIL") if down else ("CEIL", "FLOOR"))
        ]
        exact = [made for made in found if made.sizes(input.shape) == sizes]
        if exact:
            return net.add(exact[0], input)
        if all(have >= want for have, want in zip(found[0].sizes(input.shape), sizes, strict=True)):
            return crop_space(net, net.add(found[0], input), sizes)
    return _padded_pool(net, input, method, kernel, stride, pads, sizes, counted)


def _pooled(node: IrOperator, x: Value, kernel: Any, stride: Any, pads: Any) -> Any:
    """The output's size: in files of Caffe's, which round up, as they say, for the padding behind may be too little."""
    sizes = tuple((s + sum(p) - k) // t + 1 for s, p, k, t in zip(x.shape[2:], pads, kernel, stride, strict=True))
    wanted = node.output_shape()
    if node.source == "caffe" and wanted is not None and len(wanted) == 4 and min(wanted[1:3]) > 0:
        sizes = tuple(wanted[1:3])
    if min(sizes) < 1:
        raise Refused(f"Pool of {list(x.shape[2:])} by windows of {list(kernel)}", "use smaller windows")
    return sizes


def _padded_pool(
    net: Builder, x: Value, method: str, kernel: Any, stride: Any, pads: Any, sizes: Any, counted: Any
) -> Value:
    """With a Pad before it; an average is put right by how many of a window's numbers count."""
    reach = [(out - 1) * t + k for out, t, k in zip(sizes, stride, kernel, strict=True)]
    more = [max(r - before - s, 0) for r, (before, _), s in zip(reach, pads, x.shape[2:], strict=True)]
    padded = {axis: (before, behind) for axis, ((before, _), behind) in enumerate(zip(pads, more, strict=True), 2)}
    value = 0.0 if method == "AVE" else -FLT_MAX
    y = net.add(Pooling(method, *kernel, *stride, round_mode="FLOOR"), pad_with(net, x, padded, value), name="pool")
    y = crop_space(net, y, sizes)
    if method == "MAX":
        return y
    axes = zip(x.shape[2:], sizes, kernel, stride, [before for before, _ in pads], strict=True)
    counts = [held(*axis, counted) for axis in axes]
    weights = prod(kernel) / np.maximum(np.outer(*counts), 1)
    return y if (weights == 1).all() else net.add(Scale(2, 2), y, blobs=[weights], name="weigh")
