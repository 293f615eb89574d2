"""PyTorch's transposed convolutions and the IR's, as a Deconvolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import from_ir, from_torch, pair
from ..elementwise.scale import Bias
from ..indexing.strided_slice import crop
from ..shape.pad import pad_with
from ..shape.reshape import drop_batch, reshape_to, with_batch
from .deconvolution import Deconvolution
from .kernel import weights_of
from .one_sided_padding import MOST_PAD, bias_of, pads_of, spatial


def transpose_convolved(
    net: Builder,
    rank: int,
    input: Value,
    weight: np.ndarray,
    bias: np.ndarray,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: Any,
    dilation: Any,
) -> Value:
    """output_padding asks for more rows at the end: zeros behind the kernel give just those."""
    blobs = weights_of(f"conv_transpose{rank}d", weight, bias)
    x, added = with_batch(net, rank, input)
    stride, padding, dilation, more = (pair(value, rank) for value in (stride, padding, dilation, output_padding))
    taps = [-(-m // d) for m, d in zip(more, dilation, strict=True)]
    if any(taps):
        blobs[0] = np.pad(weight, [(0, 0), (0, 0), *((0, t) for t in taps)])
    made = Deconvolution(
        weight.shape[1] * int(groups), blobs[0].shape[2:], stride, padding, dilation, int(groups), bias is not None
    )
    y = net.add(made, x, blobs=blobs)
    surplus = [t * d - m for t, d, m in zip(taps, dilation, more, strict=True)]
    y = crop(net, y, {axis: (0, y.shape[axis] - s) for axis, s in enumerate(surplus, 2)}) if any(surplus) else y
    return drop_batch(net, y, added)


@from_torch("torch.nn.functional.conv_transpose1d", "torch.conv_transpose1d")
def conv_transpose1d(
    net: Builder,
    input: Value,
    weight: Operand,
    bias: Operand | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Value:
    """As 2-D with one row: readers take two axes."""
    x = reshape_to(net, input, (*input.shape[:-1], 1, input.shape[-1]), "row")
    sizes = [(first, *pair(v, 1)) for first, v in ((1, stride), (0, padding), (0, output_padding), (1, dilation))]
    y = conv_transpose2d(
        net, x, weights_of("conv_transpose1d", weight, bias)[0][:, :, None], bias, *sizes[:3], groups, sizes[3]
    )
    return reshape_to(net, y, (*y.shape[:-2], y.shape[-1]))


@from_torch("torch.nn.functional.conv_transpose2d", "torch.conv_transpose2d")
def conv_transpose2d(
    net: Builder,
    input: Value,
    weight: Operand,
    bias: Operand | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Value:
    return transpose_convolved(net, 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


@from_torch("torch.nn.functional.conv_transpose3d", "torch.conv_transpose3d")
def conv_transpose3d(
    net: Builder,
    input: Value,
    weight: Operand,
    bias: Operand | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Value:
    return transpose_convolved(net, 3, input, weight, bias, stride, padding, output_padding, groups, dilation)


@from_ir("ConvTranspose")
def ir_conv_transpose(net: Builder, node: IrOperator, *inputs: Value) -> Value:
    """Weights: [kernel..., out / group, in]. The output has the size that the file says; what is more is cut off.

    TensorFlow's padding is not stored: of what is too much, half, rounded down, goes before.
    """
    x = inputs[-1]
    rank = len(x.shape)
    group = node.integer("group", 1)
    weight = node.weight("weights", rank=rank).transpose(rank - 1, rank - 2, *range(rank - 2))
    if group < 1 or x.shape[1] != len(weight) or len(weight) % group:
        raise Refused(f"ConvTranspose of {x.shape[1]} channels with weights for {len(weight)} in {group} groups")
    stride, dilation = spatial(node, x, "strides"), spatial(node, x, "dilations")
    axes = zip(x.shape[2:], stride, dilation, weight.shape[2:], strict=True)
    full = [(s - 1) * t + d * (k - 1) + 1 for s, t, d, k in axes]
    windows = _windows(node, x, full)
    even = all(2 * start + size == f for (start, size), f in zip(windows, full, strict=True))
    pad = tuple(start if even else 0 for start, _ in windows)
    more = [max(start + size - f, 0) for (start, size), f in zip(windows, full, strict=True)]
    bias = bias_of(node)
    joined = [] if any(more) else bias  # where no kernel reaches there is bias alone
    made = Deconvolution(weight.shape[1] * group, weight.shape[2:], stride, pad, dilation, group, bool(joined))
    y = net.add(made, x, blobs=[np.ascontiguousarray(weight), *joined])
    if even:
        return y
    y = pad_with(net, y, {axis: (0, n) for axis, n in enumerate(more, 2)}, 0.0)
    y = crop(net, y, {axis: (start, start + size) for axis, (start, size) in enumerate(windows, 2)})
    return net.add(Bias(), y, blobs=bias, name="bias") if bias and not joined else y


def _windows(node: IrOperator, x: Value, full: Any) -> Any:
    """Per axis where the output begins within everything that the kernels write, and its size."""
    if node.source == "caffe":
        return [(before, f - before - behind) for f, (before, behind) in zip(full, pads_of(node, x), strict=True)]
    shape = node.output_shape()
    if shape is None or len(shape) != len(x.shape) or min(shape[1:-1]) < 1:
        raise Refused("ConvTranspose without the size of its output", "the file does not hold it; set _output_shapes")
    if any(size > f + MOST_PAD for size, f in zip(shape[1:-1], full, strict=True)):
        raise Refused(f"ConvTranspose to {list(shape[1:-1])}, more than its kernels reach")
    return [(max(f - size, 0) // 2, size) for f, size in zip(full, shape[1:-1], strict=True)]
